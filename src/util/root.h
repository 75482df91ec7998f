// SPDX-License-Identifier: Apache-2.0
// Root: the only way to touch a tree that strangers may have shaped (a rootfs, a build context, an unpack target, a
// foreign layout).
//
// A path below a Root is resolved by the kernel with openat2(2), RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS: `..` and
// absolute symbolic links are taken relative to the root, as chroot(2) would, and never leave it, also while someone
// else is renaming directories. Kernels before 5.6 are walked component by component with O_NOFOLLOW.
// Lexical checks ("does it contain ..?") were not taken: they are wrong as soon as a link is involved.
#pragma once

#include "util/fd.h"

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::util {

/// What to do when the last component of a path is a symbolic link.
enum class Follow { no, yes };

/// A held parent directory and the name of an entry in it, the form that all *at(2) calls take.
/// `name` is a single component, never empty, "." or "..".
struct Place {
  Fd parent;
  std::string name;
};

/// One directory entry; `type` is the S_IFMT part of st_mode (0 when the file system does not tell).
struct DirEntry {
  std::string name;
  mode_t type = 0;
  bool operator==(const DirEntry&) const = default;
};

/// A directory held by descriptor; every path below it is resolved inside it.
class Root {
 public:
  /// Takes over an open directory.
  explicit Root(Fd directory) : m_directory(std::move(directory)) {}
  /// Opens a directory whose path is trusted (ours, or given by the user on the command line). Throws Error.
  static Root open(const std::filesystem::path& trusted_path);

  int fd() const noexcept { return m_directory.get(); }
  /// A second Root on the same directory.
  Root duplicate() const { return Root(m_directory.duplicate()); }

  /// Opens a path inside the root. `flags` as open(2) (O_CLOEXEC, O_NOCTTY and O_NONBLOCK-on-FIFO safety are added).
  /// Follows the last link unless O_NOFOLLOW is given. Throws Error(system), errno kept.
  Fd open_at(std::string_view path, int flags, mode_t mode = 0) const;
  /// As open_at, but nothing when the path does not exist (ENOENT, ENOTDIR).
  std::optional<Fd> find_at(std::string_view path, int flags) const;
  /// Opens a regular file for reading; anything else (FIFO, device, directory) is Error(invalid), without blocking.
  Fd open_regular(std::string_view path) const;
  /// The whole content of a regular file, at most `limit_bytes`. Throws Error.
  std::string read_file(std::string_view path, std::uint64_t limit_bytes) const;
  /// As read_file, but nothing when the file does not exist.
  std::optional<std::string> find_file(std::string_view path, std::uint64_t limit_bytes) const;
  /// The Root of a directory below.
  Root subroot(std::string_view path) const;

  /// Resolves all but the last component. Throws Error(invalid) for a path without a last component ("", "/", "a/..").
  Place place(std::string_view path) const;

  /// fstatat of the entry, or nothing when it does not exist.
  std::optional<struct stat> find_stat(std::string_view path, Follow follow = Follow::no) const;
  /// The target of a symbolic link. Throws Error(system).
  std::string read_link(std::string_view path) const;
  /// The entries of a directory ("" = the root itself) sorted bytewise, without "." and "..".
  std::vector<DirEntry> list(std::string_view path = {}) const;

  /// Makes a directory and its missing parents (`mode` on each new one; umask applies) and returns the last one,
  /// opened. Links on the way are followed inside the root. Throws Error when something else is in the way.
  Fd make_dirs(std::string_view path, mode_t mode = 0755) const;
  /// Writes a whole file in place (created or truncated; never through a link at the last component). Not atomic: for
  /// trees that nobody sees yet.
  void write_file(std::string_view path, std::string_view content, mode_t mode = 0644) const;
  /// Removes a file or a whole tree; a missing path is fine. Never follows links; directories without permissions are
  /// opened up first. Bounded descriptors whatever the depth. Throws Error(system).
  void remove_tree(std::string_view path) const;

 private:
  Fd m_directory;
};

/// The entries of an open directory, sorted bytewise, without "." and "..". The descriptor's offset is moved.
std::vector<DirEntry> list_directory(int directory_fd, std::string_view thing);

/// Removes everything below an open directory, keeping the directory. As Root::remove_tree otherwise.
void remove_children(int directory_fd, std::string_view thing);

}  // namespace jcb::util
