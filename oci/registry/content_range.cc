// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/content_range.h"

#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr std::string_view k_unit = "bytes ";

std::optional<std::uint64_t> find_number(std::string_view text) {
  try {
    return util::parse_unsigned(text, "Content-Range");
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<ContentRange> parse_content_range(std::string_view text) {
  const auto dash = text.find('-'), slash = text.find('/');
  if (util::to_lower(text.substr(0, k_unit.size())) != k_unit || dash == std::string_view::npos || slash == std::string_view::npos ||
      slash < dash)
    return std::nullopt;
  const auto first = find_number(text.substr(k_unit.size(), dash - k_unit.size()));
  const auto last = find_number(text.substr(dash + 1, slash - dash - 1));
  const std::string_view total_text = text.substr(slash + 1);
  const auto total = find_number(total_text);
  if (!first || !last || *last < *first || (!total && total_text != "*") || (total && *total <= *last)) return std::nullopt;
  return ContentRange{*first, *last, total};
}

}  // namespace jcb::oci
