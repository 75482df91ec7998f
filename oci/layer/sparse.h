// SPDX-License-Identifier: Apache-2.0
// Maps of sparse files (GNU tar manual, "Storing Sparse Files"): which parts of a file are in the archive.
//
//   old_gnu  type S; four (offset, size) pairs in the header, then blocks of 21 more while a flag says so
//   pax 0.0  records GNU.sparse.offset and GNU.sparse.numbytes, repeated       } map in headers
//   pax 0.1  record GNU.sparse.map=offset,size,offset,size,...                 }
//   pax 1.0  the stored content begins with lines: count, offset, size, ...; padded to a block
// Private to oci/layer.
#pragma once

#include "oci/layer/pax.h"
#include "oci/layer/tar.h"
#include "oci/layer/tar_header.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::oci {

enum class SparseForm { none, old_gnu, in_records, in_content };

/// One part that holds data.
struct SparseExtent {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool operator==(const SparseExtent&) const = default;
};

/// What the GNU.sparse.* records of one entry say.
struct SparseRecords {
  std::optional<std::string> name;
  std::optional<std::uint64_t> real_size;
  SparseForm form = SparseForm::none;
  std::vector<SparseExtent> extents;
};

/// Collects GNU.sparse.* records. Throws Error(invalid) that begins with `thing`.
SparseRecords parse_sparse_records(const std::vector<PaxRecord>& records, const TarLimits& limits, const std::string& thing);
/// Appends the pairs of an old GNU header or continuation block; stops at an empty one. Throws as above.
void append_old_sparse(std::string_view pairs, std::vector<SparseExtent>& extents, const TarLimits& limits, const std::string& thing);
/// Throws Error(invalid) unless the parts are in order, do not overlap, lie within `real_size` and add up to `stored_bytes`.
void check_sparse_map(const std::vector<SparseExtent>& extents, std::uint64_t real_size, std::uint64_t stored_bytes,
                      const std::string& thing);

/// Reads the map of the 1.0 form from blocks of content until it is complete.
class SparseMapReader {
 public:
  SparseMapReader(const TarLimits& limits, std::string thing) : m_limits(limits), m_thing(std::move(thing)) {}
  /// Takes one block. Returns whether the map is complete; the rest of that block is padding.
  bool add(std::string_view block);
  std::vector<SparseExtent> extents() const;

 private:
  void add_number(std::uint64_t number);
  const TarLimits& m_limits;
  std::string m_thing;
  std::string m_line;
  std::optional<std::uint64_t> m_count;
  std::vector<std::uint64_t> m_numbers;
};

}  // namespace jcb::oci
