// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/header_fields.h"

#include <algorithm>
#include <limits>

#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr std::size_t k_max_warning_bytes = 4096;

// Reads a header's value from left to right.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : m_rest(text) {}

  bool is_at_end() const { return m_rest.empty(); }
  void skip_space() { m_rest.remove_prefix(std::min(m_rest.find_first_not_of(" \t"), m_rest.size())); }
  bool take(char c) {
    skip_space();
    if (!m_rest.starts_with(c)) return false;
    m_rest.remove_prefix(1);
    return true;
  }
  /// What is before the first of `marks`, which stay.
  std::string_view take_until(std::string_view marks) {
    const auto taken = m_rest.substr(0, m_rest.find_first_of(marks));
    m_rest.remove_prefix(taken.size());
    return taken;
  }
  /// A quoted-string (RFC 9110 section 5.6.4) after its opening quote; nothing when it is not closed.
  std::optional<std::string> take_quoted() {
    std::string text;
    for (std::size_t i = 0; i < m_rest.size(); ++i) {
      if (m_rest[i] == '"') {
        m_rest.remove_prefix(i + 1);
        return text;
      }
      if (m_rest[i] == '\\' && i + 1 < m_rest.size()) ++i;
      text += m_rest[i];
    }
    m_rest = {};
    return std::nullopt;
  }
  /// A token or a quoted-string; an unclosed one is empty.
  std::string take_value() {
    if (take('"')) return take_quoted().value_or("");
    return std::string(util::trim(take_until(";,")));
  }

 private:
  std::string_view m_rest;
};

bool has_relation(std::string_view list, std::string_view relation) {
  const auto words = util::split(util::to_lower(list), ' ');
  return std::find(words.begin(), words.end(), relation) != words.end();
}

// The parameters of one link, up to the comma behind it; whether its first `rel` holds `relation` (later ones do not count).
bool take_parameters(Scanner& scanner, std::string_view relation) {
  std::optional<bool> found;
  while (scanner.take(';')) {
    const auto name = util::to_lower(util::trim(scanner.take_until("=;,")));
    const std::string value = scanner.take('=') ? scanner.take_value() : std::string();
    if (name == "rel" && !found) found = has_relation(value, relation);
  }
  return found.value_or(false);
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  try {
    return util::parse_unsigned(text, "a header");
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<std::string> find_link(std::string_view value, std::string_view relation) {
  for (Scanner scanner(value); scanner.take('<');) {
    const std::string target(scanner.take_until(">"));
    if (!scanner.take('>')) return std::nullopt;
    if (take_parameters(scanner, relation)) return target;
    if (!scanner.take(',')) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_received_range(std::string_view value) {
  value = util::trim(value);
  if (value.starts_with("bytes=") || value.starts_with("bytes ")) value.remove_prefix(6);
  const auto dash = value.find('-');
  if (dash == std::string_view::npos || value.substr(0, dash) != "0") return std::nullopt;
  const auto last = parse_count(value.substr(dash + 1));
  if (!last || *last == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  return *last + 1;
}

std::vector<std::string> parse_warnings(std::string_view value) {
  std::vector<std::string> texts;
  for (Scanner scanner(value); !scanner.is_at_end();) {
    const auto prefix = util::trim(scanner.take_until("\","));
    if (!scanner.take('"')) {
      if (!scanner.take(',')) break;
      continue;
    }
    auto text = scanner.take_quoted();
    if (!text) break;
    if (prefix.starts_with("299 ") && text->size() <= k_max_warning_bytes) texts.push_back(std::move(*text));
    if (scanner.take('"')) scanner.take_quoted();  // the date that may follow
    if (!scanner.take(',')) break;
  }
  return texts;
}

std::optional<RateLimit> parse_rate_limit(std::string_view value) {
  const auto parts = util::split(value, ';');
  const auto count = parse_count(util::trim(parts.front()));
  if (!count) return std::nullopt;
  RateLimit limit{*count, 0};
  for (const std::string& part : parts) {
    const auto word = util::trim(part);
    if (word.starts_with("w=")) limit.period_seconds = parse_count(word.substr(2)).value_or(0);
  }
  return limit;
}

std::string bare_media_type(std::string_view content_type) {
  return util::to_lower(util::trim(content_type.substr(0, content_type.find(';'))));
}

}  // namespace jcb::oci
