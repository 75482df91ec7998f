// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "util/root.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::packages {

/// A tree of packages, read through a Root. Remembers a stamp (device, inode, size, mtime, ctime) of everything that it
/// was asked about, taken before reading, so that a cache can tell later whether reading again would give the same.
class PackageTree {
 public:
  /// Opens a tree's root (which has `packages/`) or its packages directory. Throws Error(not_found).
  static PackageTree open(const std::filesystem::path& path);

  /// The packages directory, absolute.
  const std::filesystem::path& directory() const noexcept { return m_directory; }
  /// A path below it as messages show it: "packages/ros".
  std::string display_path(std::string_view path) const;

  /// The entries of a directory ("" = the packages directory), with their types; sorted bytewise.
  std::vector<util::DirEntry> list(std::string_view path);
  /// The content of a regular file, or nothing when there is none. Throws Error(invalid) when larger than `limit_bytes`.
  std::optional<std::string> find_text(const std::string& path, std::uint64_t limit_bytes);
  bool has_file(const std::string& path);

  /// Path -> stamp of all that was asked about so far; "" is the stamp of what does not exist.
  const std::map<std::string, std::string>& stamps() const noexcept { return m_stamps; }
  /// The stamp that a path has now.
  std::string read_stamp(const std::string& path) const;
  /// The latest change time among the stamps, in nanoseconds since the epoch.
  std::int64_t newest_change_ns() const noexcept { return m_newest_change_ns; }

 private:
  PackageTree(std::filesystem::path directory, util::Root root) : m_directory(std::move(directory)), m_root(std::move(root)) {}
  std::optional<struct stat> remember(const std::string& path);

  std::filesystem::path m_directory;
  util::Root m_root;
  std::map<std::string, std::string> m_stamps;
  std::int64_t m_newest_change_ns = 0;
};

}  // namespace jcb::packages
