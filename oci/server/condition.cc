// SPDX-License-Identifier: Apache-2.0
#include "oci/server/condition.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr std::string_view k_bytes = "bytes=";

// Nothing where the text is no number; one that does not fit is as good as the largest.
std::optional<std::uint64_t> find_number(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  try {
    return util::parse_unsigned(text, "range");
  } catch (const Error&) {
    return UINT64_MAX;
  }
}

RangeChoice last_bytes(std::uint64_t count, std::uint64_t size_bytes) {
  if (count == 0 || size_bytes == 0) return {RangeKind::unsatisfiable, 0, 0};
  count = std::min(count, size_bytes);
  return {RangeKind::part, size_bytes - count, count};
}

RangeChoice read_range(std::string_view range, std::uint64_t size_bytes) {
  const RangeChoice whole{RangeKind::whole, 0, size_bytes};
  const auto dash = range.find('-');
  if (dash == std::string_view::npos) return whole;
  const auto first = find_number(range.substr(0, dash)), last = find_number(range.substr(dash + 1));
  if (dash == 0) return last ? last_bytes(*last, size_bytes) : whole;
  if (!first || (!last && dash + 1 < range.size()) || (last && *last < *first)) return whole;
  if (*first >= size_bytes) return {RangeKind::unsatisfiable, 0, 0};
  return {RangeKind::part, *first, std::min(last.value_or(UINT64_MAX), size_bytes - 1) - *first + 1};
}

}  // namespace

bool is_unchanged(const ServerRequest& request, const std::string& entity_tag) {
  const std::string* tags = request.find_header("If-None-Match");
  if (tags == nullptr) return false;
  const auto parts = util::split(*tags, ',');
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
    part = util::trim(part);
    if (part.starts_with("W/")) part.remove_prefix(2);  // compared weakly (RFC 9110 section 13.1.2)
    return part == "*" || part == entity_tag;
  });
}

RangeChoice choose_range(const ServerRequest& request, const std::string& entity_tag, std::uint64_t size_bytes) {
  const RangeChoice whole{RangeKind::whole, 0, size_bytes};
  const std::string* header = request.find_header("Range");
  const std::string* condition = request.find_header("If-Range");
  if (header == nullptr || (condition != nullptr && *condition != entity_tag)) return whole;
  if (!util::to_lower(*header).starts_with(k_bytes)) return whole;
  return read_range(util::trim(std::string_view(*header).substr(k_bytes.size())), size_bytes);
}

}  // namespace jcb::oci
