// SPDX-License-Identifier: Apache-2.0
// From header blocks to one entry: what the ustar fields, the GNU long names and the pax records say together.
// Private to oci/layer.
#pragma once

#include "oci/layer/pax.h"
#include "oci/layer/sparse.h"
#include "oci/layer/tar.h"
#include "oci/layer/tar_header.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace jcb::oci {

/// The headers that stood before an entry's own.
struct EntryPrelude {
  std::optional<std::string> long_name;           ///< GNU type L
  std::optional<std::string> long_link_name;      ///< GNU type K
  std::optional<std::vector<PaxRecord>> records;  ///< pax type x
  bool empty() const noexcept { return !long_name && !long_link_name && !records; }
};

/// An entry, and how its content is stored.
struct StoredEntry {
  TarEntry entry;
  std::uint64_t stored_bytes = 0;  ///< in the archive
  SparseForm sparse = SparseForm::none;
  std::vector<SparseExtent> extents;  ///< for the forms that keep the map in headers
};

/// "ARCHIVE: entry 'NAME'" for messages, safe to print.
std::string name_tar_entry(const std::string& archive, std::string_view name);

/// Joins the parts. `globals` are the pax type g records in force. Throws Error(invalid) naming `thing` and the entry.
StoredEntry make_stored_entry(const TarBlock& block, EntryPrelude prelude, const std::map<std::string, std::string>& globals,
                              const TarLimits& limits, const std::string& thing);

/// Puts the records of a type g header into force; an empty value ends one. Throws Error(invalid) for keys that make
/// sense for one entry only (path, size, ...): they would rename or resize everything that follows.
void apply_global_records(const std::vector<PaxRecord>& records, std::map<std::string, std::string>& globals, const TarLimits& limits,
                          const std::string& thing);

}  // namespace jcb::oci
