// SPDX-License-Identifier: Apache-2.0
// docker's sizes (go-units): DIGITS[.DIGITS] [blank] [k|m|g|t|p [i]] [b], any case, powers of 1024.
#include "dockerfile/run_options.h"
#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::dockerfile {
namespace {

constexpr std::uint64_t k_max_bytes = std::uint64_t{1} << 62;

[[noreturn]] void fail(std::string_view text, std::string_view thing) {
  throw Error(ErrorKind::invalid, std::string(thing) + " '" + util::escape_text(text) + "' is not a number of bytes",
              "write for example 64m or 1.5g");
}

// The power of 1024 that a unit stands for; -1 for none that we know.
int find_power(std::string unit) {
  if (unit.ends_with('b')) unit.pop_back();
  if (unit.size() == 2 && unit[1] == 'i') unit.pop_back();
  if (unit.empty()) return 0;
  const auto at = std::string_view("kmgtp").find(unit);
  return at == std::string_view::npos ? -1 : static_cast<int>(at) + 1;
}

}  // namespace

std::uint64_t parse_size(std::string_view text, std::string_view thing) {
  const auto number_end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, number_end);
  std::string unit = util::to_lower(text.substr(number_end));
  if (unit.starts_with(' ')) unit.erase(0, 1);
  const auto point = number.find('.');
  const std::string_view whole = number.substr(0, point), fraction = point == std::string_view::npos ? "0" : number.substr(point + 1);
  const int power = find_power(unit);
  if (power < 0 || whole.empty() || fraction.empty() || fraction.find('.') != std::string_view::npos || whole.size() > 19)
    fail(text, thing);
  const std::uint64_t factor = std::uint64_t{1} << (10 * power), count = util::parse_unsigned(whole, thing);
  if (count > k_max_bytes / factor) throw Error(ErrorKind::invalid, std::string(thing) + " '" + std::string(text) + "' is too large");
  // Digits beyond the fifteenth are below a byte.
  double part = 0, weight = 1;
  for (const char digit : fraction.substr(0, 15)) part += (digit - '0') * (weight /= 10);
  return count * factor + static_cast<std::uint64_t>(part * static_cast<double>(factor));
}

}  // namespace jcb::dockerfile
