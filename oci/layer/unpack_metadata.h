// SPDX-License-Identifier: Apache-2.0
// Owners, modes, xattrs and times of unpacked entries. Private to oci/layer.
//
// Order matters: chown(2) clears set-id bits and file capabilities, so owner first, then xattrs, then the mode, and the
// time last. Everything is set through a descriptor of what was made, never through a name (CVE-2021-32760).
#pragma once

#include "oci/layer/unpack_tree.h"
#include "oci/layer/xattr.h"

#include <string>
#include <string_view>

namespace jcb::oci {

/// Applies one entry's metadata by the rules of UnpackOptions. Errors are Error(unsupported) for an owner that is not
/// mapped, Error(invalid) for one that no file can have, Error(system) otherwise.
class UnpackMetadata {
 public:
  UnpackMetadata(Ownership ownership, util::OwnerRecords* records);

  /// Whether a device becomes an empty file that stands for it.
  bool records_devices() const noexcept { return m_records != nullptr; }
  /// Owner, xattrs, mode and time of a new regular file; of one that stands for a device, which it is.
  void apply_to_file(int fd, const TarEntry& entry, const ParentDirectory& parent, std::string_view thing) const;
  /// Owner and xattrs of a directory, new or not; mode and time come last of all (UnpackTree::finish_later).
  void apply_to_directory(int fd, const TarEntry& entry, std::string_view thing) const;
  /// Owner and time of a new symbolic link.
  void apply_to_link(int parent_fd, const std::string& name, const TarEntry& entry, std::string_view thing) const;
  /// Owner, mode and time of a new device node or FIFO, opened with O_PATH.
  void apply_to_node(const util::Fd& node, const TarEntry& entry, std::string_view thing) const;

 private:
  void set_owner(int fd, const char* name, const TarEntry& entry, std::string_view thing) const;
  void record_for_table(int fd, const char* name, const TarEntry& entry, std::string_view thing) const;
  void record_owner(int fd, const TarEntry& entry, std::string_view thing) const;
  void set_xattrs(int fd, const TarEntry& entry, std::string_view thing) const;

  Ownership m_ownership;
  util::OwnerRecords* m_records;
  Owner m_self;
};

/// Throws Error(invalid) for the owner -1, which chown(2) would silently take for "leave it".
void check_owner(const TarEntry& entry, std::string_view thing);

}  // namespace jcb::oci
