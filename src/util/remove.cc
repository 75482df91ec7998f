// SPDX-License-Identifier: Apache-2.0
// Removing a tree of any depth with two descriptors. A recursive walk holds one descriptor a level, and a hostile tree
// can be deeper than any limit; so a directory found below is first renamed up into the directory being emptied, and
// depth becomes breadth.
#include "util/root.h"

#include "jcbuild/error.h"

#include <fcntl.h>
#include <unistd.h>

namespace jcb::util {
namespace {

bool unlink_entry(int directory, const DirEntry& entry, std::string_view thing) {
  if (entry.type == S_IFDIR) return false;
  if (::unlinkat(directory, entry.name.c_str(), 0) == 0 || errno == ENOENT) return true;
  if (errno == EISDIR || errno == EPERM) return false;
  throw_errno("remove", std::string(thing) + "/" + entry.name);
}

Fd open_for_removal(int parent, const std::string& name, std::string_view thing) {
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Fd directory(::openat(parent, name.c_str(), flags));
  struct stat status {};
  // Entries cannot be removed from a directory that its owner may not write.
  if (!directory || (::fstat(directory.get(), &status) == 0 && (status.st_mode & 0700) != 0700)) {
    if (::fchmodat(parent, name.c_str(), 0700, 0) == 0) directory = Fd(::openat(parent, name.c_str(), flags));
  }
  // Somebody else may be removing the same tree: what is gone is fine.
  if (!directory && errno != ENOENT) throw_errno("remove", std::string(thing) + "/" + name);
  return directory;
}

// Empties `directory` of everything but subdirectories, which move up into `parent` under fresh names.
void lift_children(int parent, int directory, std::size_t& serial, std::string_view thing) {
  for (const auto& entry : list_directory(directory, thing)) {
    if (unlink_entry(directory, entry, thing)) continue;
    for (;;) {
      const std::string name = ".jcb-rm-" + std::to_string(serial++);
      if (::renameat2(directory, entry.name.c_str(), parent, name.c_str(), RENAME_NOREPLACE) == 0) break;
      if (errno == EACCES) {  // a directory that its owner may not write cannot be moved: its ".." would change
        if (::fchmodat(directory, entry.name.c_str(), 0700, 0) == 0) continue;
      }
      if (errno == ENOENT) break;
      if (errno != EEXIST) throw_errno("remove", std::string(thing) + "/" + entry.name);
    }
  }
}

}  // namespace

void remove_children(int directory_fd, std::string_view thing) {
  std::size_t serial = 0;
  for (bool found = true; found;) {
    found = false;
    for (const auto& entry : list_directory(directory_fd, thing)) {
      if (unlink_entry(directory_fd, entry, thing)) continue;
      found = true;
      const Fd child = open_for_removal(directory_fd, entry.name, thing);
      if (!child) continue;
      lift_children(directory_fd, child.get(), serial, thing);
      if (::unlinkat(directory_fd, entry.name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT && errno != ENOTEMPTY)
        throw_errno("remove", std::string(thing) + "/" + entry.name);
    }
  }
}

}  // namespace jcb::util
