// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/sparse.h"

#include "jcbuild/error.h"

namespace jcb::oci {
namespace {

constexpr std::string_view k_prefix_text = "GNU.sparse.";

[[noreturn]] void throw_bad_map(const std::string& thing, std::string_view cause = "malformed sparse map") {
  throw Error(ErrorKind::invalid, thing + ": " + std::string(cause));
}

void check_count(std::uint64_t count, const TarLimits& limits, const std::string& thing) {
  if (count > limits.sparse_entries)
    throw_bad_map(thing, "the sparse map has more than " + std::to_string(limits.sparse_entries) + " parts");
}

std::uint64_t number(std::string_view text, const std::string& thing) {
  const auto value = parse_pax_number(text);
  if (!value) throw_bad_map(thing);
  return *value;
}

std::vector<SparseExtent> pair_up(const std::vector<std::uint64_t>& numbers, const std::string& thing) {
  if (numbers.size() % 2 != 0) throw_bad_map(thing);
  std::vector<SparseExtent> extents;
  for (std::size_t i = 0; i < numbers.size(); i += 2) extents.push_back({numbers[i], numbers[i + 1]});
  return extents;
}

std::vector<std::uint64_t> parse_list(std::string_view text, const TarLimits& limits, const std::string& thing) {
  std::vector<std::uint64_t> numbers;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    numbers.push_back(number(text.substr(0, comma), thing));
    check_count(numbers.size() / 2, limits, thing);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return numbers;
}

// The records as they come, before they are judged together.
struct Collected {
  std::optional<std::uint64_t> major, minor, blocks;
  std::optional<std::string> map;
  std::vector<std::uint64_t> numbers;
  bool any = false;
};

// Offsets and sizes of the 0.0 form must alternate.
void collect_number(Collected& collected, bool is_size, std::string_view value, const TarLimits& limits, const std::string& thing) {
  if ((collected.numbers.size() % 2 == 1) != is_size) throw_bad_map(thing);
  collected.numbers.push_back(number(value, thing));
  check_count(collected.numbers.size() / 2, limits, thing);
}

void collect(Collected& collected, SparseRecords& result, std::string_view key, const std::string& value, const TarLimits& limits,
             const std::string& thing) {
  collected.any = true;
  if (key == "major") collected.major = number(value, thing);
  if (key == "minor") collected.minor = number(value, thing);
  if (key == "numblocks") collected.blocks = number(value, thing);
  if (key == "map") collected.map = value;
  if (key == "name") result.name = value;
  if (key == "size" || key == "realsize") result.real_size = number(value, thing);
  if (key == "offset" || key == "numbytes") collect_number(collected, key == "numbytes", value, limits, thing);
}

}  // namespace

SparseRecords parse_sparse_records(const std::vector<PaxRecord>& records, const TarLimits& limits, const std::string& thing) {
  SparseRecords result;
  Collected collected;
  for (const auto& [key, value] : records) {
    if (key.starts_with(k_prefix_text))
      collect(collected, result, std::string_view(key).substr(k_prefix_text.size()), value, limits, thing);
  }
  if (!collected.any) return result;
  if (!result.real_size) throw_bad_map(thing, "a sparse file without its real size");
  const auto major = collected.major.value_or(0), minor = collected.minor.value_or(0);
  if (major > 1 || (major == 1 && minor != 0)) throw_bad_map(thing, "unknown version of the sparse format");
  result.form = major == 1 ? SparseForm::in_content : SparseForm::in_records;
  if (major == 1) return result;
  result.extents = pair_up(collected.map ? parse_list(*collected.map, limits, thing) : collected.numbers, thing);
  if (collected.blocks && *collected.blocks != result.extents.size()) throw_bad_map(thing);
  return result;
}

void append_old_sparse(std::string_view pairs, std::vector<SparseExtent>& extents, const TarLimits& limits, const std::string& thing) {
  for (; pairs.size() >= k_sparse_entry_bytes; pairs.remove_prefix(k_sparse_entry_bytes)) {
    if (pairs[0] == '\0') return;
    const auto offset = parse_tar_number(pairs.substr(0, 12)), size = parse_tar_number(pairs.substr(12, 12));
    if (!offset || !size || *offset < 0 || *size < 0) throw_bad_map(thing);
    extents.push_back({static_cast<std::uint64_t>(*offset), static_cast<std::uint64_t>(*size)});
    check_count(extents.size(), limits, thing);
  }
}

void check_sparse_map(const std::vector<SparseExtent>& extents, std::uint64_t real_size, std::uint64_t stored_bytes,
                      const std::string& thing) {
  std::uint64_t end = 0, total = 0;
  for (const auto& extent : extents) {
    if (extent.offset < end || extent.offset > real_size || extent.size > real_size - extent.offset) throw_bad_map(thing);
    end = extent.offset + extent.size;
    total += extent.size;
  }
  if (total != stored_bytes) throw_bad_map(thing, "the sparse map does not match the stored size");
}

bool SparseMapReader::add(std::string_view block) {
  for (const char c : block) {
    if (c != '\n') {
      m_line += c;
      if (m_line.size() > 20) throw_bad_map(m_thing);
      continue;
    }
    add_number(number(m_line, m_thing));
    m_line.clear();
    if (m_numbers.size() == *m_count * 2) return true;
  }
  return false;
}

void SparseMapReader::add_number(std::uint64_t value) {
  if (m_count) return m_numbers.push_back(value);
  check_count(value, m_limits, m_thing);
  m_count = value;
}

std::vector<SparseExtent> SparseMapReader::extents() const { return pair_up(m_numbers, m_thing); }

}  // namespace jcb::oci
