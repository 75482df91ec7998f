// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/duration.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

namespace jcb::dockerfile {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 8> k_units{{
    {"ns", 1},
    {"us", 1e3},
    {"\xc2\xb5s", 1e3},
    {"\xce\xbcs", 1e3},
    {"ms", 1e6},
    {"s", 1e9},
    {"m", 60e9},
    {"h", 3600e9},
}};
constexpr double k_longest = 9.2e18;  // about 292 years, in nanoseconds

// The factor of the unit at the start of `text`, which is taken off; the longest unit that fits.
std::optional<double> take_unit(std::string_view& text) {
  const std::string_view unit = text.substr(0, text.find_first_of("0123456789."));
  for (const auto& [name, factor] : k_units) {
    if (unit != name) continue;
    text.remove_prefix(unit.size());
    return factor;
  }
  return std::nullopt;
}

// Digits with at most one dot between or beside them. Not strtod, which reads the locale.
std::optional<double> take_number(std::string_view& text) {
  double value = 0, scale = 1;
  std::size_t at = 0, digits = 0;
  bool fraction = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !fraction) {
      fraction = true;
    } else if (text[at] >= '0' && text[at] <= '9') {
      if (fraction) scale /= 10;
      value = fraction ? value + (text[at] - '0') * scale : value * 10 + (text[at] - '0');
      ++digits;
    } else {
      break;
    }
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(at);
  return value;
}

}  // namespace

std::chrono::nanoseconds parse_duration(std::string_view text, std::string_view thing) {
  const auto bad = [&](const char* cause) {
    throw Error(ErrorKind::invalid, std::string(thing) + " '" + util::escape_text(text) + "' " + cause, "write it as 30s, 1m30s or 500ms");
  };
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) bad("is not a duration");
  if (text.starts_with('-')) bad("is negative");
  std::string_view rest = text;
  double total = 0;
  while (!rest.empty()) {
    const auto number = take_number(rest);
    const auto unit = number ? take_unit(rest) : std::nullopt;
    if (!unit) bad(number && rest.empty() ? "has no unit" : "is not a duration");
    total += *number * *unit;
    if (total > k_longest) bad("is too long");
  }
  return std::chrono::nanoseconds(std::llround(total));
}

}  // namespace jcb::dockerfile
