// SPDX-License-Identifier: Apache-2.0
#include "cdi/names.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::cdi {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_letter_or_digit(char c) { return is_letter(c) || (c >= '0' && c <= '9'); }

bool has_only(std::string_view text, std::string_view marks) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return is_letter_or_digit(c) || marks.find(c) != std::string_view::npos; });
}

}  // namespace

bool is_vendor_or_class(std::string_view text) noexcept {
  return !text.empty() && is_letter(text.front()) && is_letter_or_digit(text.back()) && has_only(text, "_.-");
}

bool is_device_name(std::string_view text) noexcept {
  return !text.empty() && is_letter_or_digit(text.front()) && is_letter_or_digit(text.back()) && has_only(text, "_.:-");
}

Kind parse_kind(std::string_view text, std::string_view thing) {
  const auto slash = text.find('/');
  const std::string_view vendor = text.substr(0, slash);
  const std::string_view device_class = slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
  if (!is_vendor_or_class(vendor) || !is_vendor_or_class(device_class))
    throw Error(ErrorKind::invalid, std::string(thing) + " '" + util::escape_text(text) + "' is not VENDOR/CLASS",
                "both are letters, digits and _ . -, a letter first, such as nvidia.com/gpu");
  return {std::string(vendor), std::string(device_class)};
}

bool is_qualified_name(std::string_view text) noexcept {
  const auto slash = text.find('/');
  const auto equals = text.find('=');
  if (slash == std::string_view::npos || equals == std::string_view::npos || equals < slash) return false;
  return is_vendor_or_class(text.substr(0, slash)) && is_vendor_or_class(text.substr(slash + 1, equals - slash - 1)) &&
         is_device_name(text.substr(equals + 1));
}

}  // namespace jcb::cdi
