// SPDX-License-Identifier: Apache-2.0
// Owners and device nodes of a tree that belongs to a user with a single id, who may set neither: every file is his, a
// device is an empty file, and what they stand for is written here.
//
// As a file (nothing else is accepted):
//   "jcbuild-owners 1\n"
//   for each entry, in the order of the paths' bytes:  UID " " GID " " DEVICE " " PATH "\0"
//     DEVICE  "-", or "c" or "b" MAJOR ":" MINOR      PATH  relative, without leading slash
//   "sha256 " HEX "\n"          of all before this line
#pragma once

#include "util/root.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace jcb::util {

/// uid and gid of a file.
struct FileOwner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool operator==(const FileOwner&) const = default;
};

/// What a placeholder stands for.
struct DeviceNode {
  bool block = false;  ///< else a character device
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  bool operator==(const DeviceNode&) const = default;
};

/// What the file system does not tell of one path.
struct OwnerEntry {
  FileOwner owner;
  std::optional<DeviceNode> device;
  /// Nothing that the file system would not tell: root's, and no device.
  bool is_plain() const { return owner == FileOwner{} && !device; }
  bool operator==(const OwnerEntry&) const = default;
};

/// The entries of one tree by path (relative, no leading slash). Only those that are not plain are kept.
class OwnerTable {
 public:
  /// The entry of a path; a plain one for what is not in the table.
  OwnerEntry find(const std::string& path) const;
  /// Sets or, with a plain entry, forgets.
  void set(const std::string& path, const OwnerEntry& entry);
  /// Drops the paths that `tree` does not have.
  void keep_existing(const Root& tree);

  bool empty() const noexcept { return m_entries.empty(); }
  const std::map<std::string, OwnerEntry>& entries() const noexcept { return m_entries; }

  /// The text of a table file; the same entries give the same bytes.
  std::string serialize() const;
  /// The reverse. Throws Error(invalid) naming `thing` for anything that serialize does not write.
  static OwnerTable parse(std::string_view text, std::string_view thing);

  bool operator==(const OwnerTable&) const = default;

 private:
  std::map<std::string, OwnerEntry> m_entries;
};

}  // namespace jcb::util
