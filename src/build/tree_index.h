// SPDX-License-Identifier: Apache-2.0
// What the kernel says of every file of a tree, remembered, so that a later look tells what was changed in between. The
// change time (ctime) tells most: nobody can set it. The birth time tells a directory from another one that got its inode
// number. About 120 bytes a file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "util/root.h"

namespace jcb::build {

/// One file's statx(2). Times are nanoseconds since 1970.
struct FileState {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t special = 0;  ///< the device number of a device node
  std::int64_t modified = 0;
  std::int64_t changed = 0;
  std::int64_t born = 0;  ///< 0 where the file system does not know
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t links = 0;

  bool is_directory() const noexcept { return (mode & 0170000) == 0040000; }
  bool is_regular() const noexcept { return (mode & 0170000) == 0100000; }
  /// Whether both are one and the same file, whatever happened to it.
  bool is_same_file(const FileState& other) const noexcept {
    return device == other.device && inode == other.inode && born == other.born && (mode & 0170000) == (other.mode & 0170000);
  }
  bool operator==(const FileState&) const = default;
};

/// Looks at an entry without following a link. Throws Error(system).
FileState read_state(int directory_fd, const std::string& name);

class TreeIndex {
 public:
  struct Entry {
    FileState state;
    std::uint32_t first_child = 0;
    std::uint32_t child_count = 0;
    std::uint32_t name_offset = 0;
    std::uint32_t name_size = 0;
  };

  /// Reads a whole tree. Throws Error(system), Interrupted.
  static TreeIndex read(const util::Root& root);

  /// The entry of the root itself.
  const Entry& top() const { return m_entries.front(); }
  /// Sorted by name, bytewise.
  std::span<const Entry> children(const Entry& directory) const {
    return std::span(m_entries).subspan(directory.first_child, directory.child_count);
  }
  std::string_view name(const Entry& entry) const { return std::string_view(m_names).substr(entry.name_offset, entry.name_size); }
  /// How many files it knows.
  std::size_t size() const noexcept { return m_entries.size(); }

 private:
  void add_directory(const util::Root& root, const std::string& path, std::size_t self,
                     std::vector<std::pair<std::string, std::size_t>>& todo);
  std::vector<Entry> m_entries;
  std::string m_names;
};

}  // namespace jcb::build
