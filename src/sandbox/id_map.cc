// SPDX-License-Identifier: Apache-2.0
#include "sandbox/id_map.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <charconv>
#include <optional>
#include <sstream>

namespace jcb::sandbox {
namespace {

std::optional<std::uint32_t> to_id(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::vector<SubordinateRange> parse_subordinate_ranges(std::string_view text, std::string_view name, std::uint32_t uid) {
  std::vector<SubordinateRange> ranges;
  for (const auto& line : util::split(text, '\n')) {
    const auto fields = util::split(util::trim(line), ':');
    if (fields.size() != 3 || (fields[0] != name && fields[0] != std::to_string(uid))) continue;
    const auto first = to_id(fields[1]);
    const auto count = to_id(fields[2]);
    if (first && count && *count > 0 && *first > 0 && *count <= UINT32_MAX - *first) ranges.push_back({*first, *count});
  }
  return ranges;
}

std::vector<IdRange> make_id_map(std::uint32_t caller, const std::vector<SubordinateRange>& ranges) {
  std::vector<IdRange> map{{0, caller, 1}};
  std::uint32_t next = 1;
  for (const auto& range : ranges) {
    if (range.count > UINT32_MAX - next) break;
    map.push_back({next, range.first, range.count});
    next += range.count;
  }
  return map;
}

std::vector<IdRange> parse_id_map(std::string_view text) {
  std::istringstream lines{std::string(text)};
  std::vector<IdRange> map;
  for (IdRange range; lines >> range.inside >> range.outside >> range.count;) map.push_back(range);
  if (!lines.eof()) throw Error(ErrorKind::invalid, "the id map of this process is malformed");
  return map;
}

bool is_initial(const std::vector<IdRange>& map) noexcept {
  return map.size() == 1 && map[0].inside == 0 && map[0].outside == 0 && map[0].count == UINT32_MAX;
}

}  // namespace jcb::sandbox
