// SPDX-License-Identifier: Apache-2.0
// Copies of files of every type, for those who may not mount. Nothing is followed: a link is copied as a link.
// Carried over: content (shared by reflink where the file system can), owner, mode, times, and the xattrs that mean
// something in an image: user.* (without overlayfs's own marks), security.capability, ACLs.
#pragma once

#include <sys/stat.h>

#include <map>
#include <string>
#include <string_view>

#include "util/root.h"

namespace jcb::util {

/// The xattrs of an open file that are carried over, by name; none where the file system has none. Throws Error(system).
std::map<std::string, std::string> read_xattrs(int fd, std::string_view thing);

/// Gives the open file `to` the owner, xattrs, mode and times of `from`. Throws Error(system).
void copy_attributes(int from, int to, std::string_view thing);

/// Makes `name` in the directory `to`, where nothing has that name, a copy of the entry in `from`. A directory is made
/// empty and 0700: its attributes come last, when it has been filled. Throws Error(system), Error(refused) for a file that
/// changes its type meanwhile.
void copy_entry(int from, int to, const std::string& name, const struct stat& status, std::string_view thing);

/// Which file was copied to which path; a second name of a file becomes a hard link to its first.
class LinkTable {
 public:
  /// The path that the file was first copied to, or null; then `path` is noted as that.
  const std::string* find_or_note(const struct stat& status, const std::string& path);

 private:
  std::map<std::pair<dev_t, ino_t>, std::string> m_paths;
};

/// Makes `path` below `root` another name of `first`. False where the file system has no more names for it.
bool link_in_root(const Root& root, const std::string& first, const std::string& path);

enum class FileSharing {
  copies,  ///< own files
  links,   ///< hard links, or copies where there can be none: what is written into files in place is seen on both sides
};

/// Copies everything below `from` into the empty directory `to`, and the attributes of `from` itself. Depth costs no
/// descriptors. Throws Error(system), Interrupted.
void duplicate_tree(const Root& from, const Root& to, FileSharing sharing);

}  // namespace jcb::util
