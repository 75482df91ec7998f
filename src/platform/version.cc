// SPDX-License-Identifier: Apache-2.0
#include "platform/version.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>
#include <charconv>

namespace jcb::platform {
namespace {

constexpr std::size_t k_most_parts = 8;

// One number between dots; nothing unless all of it is digits and fits.
std::optional<int> find_number(std::string_view text) noexcept {
  int value = 0;
  if (text.empty() || text.front() == '-') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Version> Version::find(std::string_view text) noexcept {
  if (text.starts_with('r') || text.starts_with('R') || text.starts_with('v')) text.remove_prefix(1);
  Version version;
  for (std::size_t start = 0; start <= text.size();) {
    const auto dot = std::min(text.find('.', start), text.size());
    const auto number = find_number(text.substr(start, dot - start));
    if (!number || version.m_parts.size() == k_most_parts) return std::nullopt;
    version.m_parts.push_back(*number);
    start = dot + 1;
  }
  return version;
}

Version Version::parse(std::string_view text) {
  if (auto version = find(text)) return *version;
  throw Error(ErrorKind::invalid, "'" + util::escape_text(text) + "' is not a version: expected numbers and dots, such as 36.4.3");
}

Version Version::prefix(std::size_t count) const {
  Version version = *this;
  version.m_parts.resize(std::min(count, m_parts.size()));
  return version;
}

std::string Version::text() const {
  std::string text;
  for (const int part : m_parts) text += (text.empty() ? "" : ".") + std::to_string(part);
  return text;
}

std::strong_ordering Version::operator<=>(const Version& other) const noexcept {
  const std::size_t count = std::max(m_parts.size(), other.m_parts.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (const auto order = part(i) <=> other.part(i); order != 0) return order;
  }
  return std::strong_ordering::equal;
}

}  // namespace jcb::platform
