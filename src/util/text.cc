// SPDX-License-Identifier: Apache-2.0
#include "util/text.h"

#include "jcbuild/error.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <numeric>

namespace jcb::util {
namespace {

constexpr std::string_view k_space = " \t\r\n\v\f";

std::string hex_escape(unsigned char byte) {
  static constexpr char digits[] = "0123456789abcdef";
  return {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
}

// Length of the valid UTF-8 sequence at the start of `text` and its code point; 0 when it is not valid.
std::size_t decode_utf8(std::string_view text, char32_t& point) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  point = length == 1 ? lead : lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    point = (point << 6) | (byte(i) & 0x3fU);
  }
  static constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  const bool valid = point >= smallest[length] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  return valid ? length : 0;
}

bool is_harmful(char32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x061c || (point >= 0x200b && point <= 0x200f) ||
         (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

std::string escape_point(char32_t point) {
  if (point < 0x80) return hex_escape(static_cast<unsigned char>(point));
  std::array<char, 12> text{};
  const int size = std::snprintf(text.data(), text.size(), "\\u%04x", static_cast<unsigned>(point));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitution});
    }
  }
  return row[b.size()];
}

// Matches one bracket expression at the start of `pattern`; `used` is its length, 0 when it is not closed.
bool match_bracket(std::string_view pattern, char c, std::size_t& used) {
  std::size_t i = 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool hit = false;
  for (const std::size_t first = i; i < pattern.size() && (pattern[i] != ']' || i == first); ++i) {
    const bool range = i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']';
    const char low = pattern[i], high = range ? pattern[i + 2] : low;
    hit = hit || (low <= c && c <= high);
    if (range) i += 2;
  }
  used = i < pattern.size() ? i + 1 : 0;
  return hit != negated;
}

// Whether the pattern element at the start of `pattern` matches `c`; `used` is how long it is.
bool match_one(std::string_view pattern, char c, std::size_t& used) {
  used = 1;
  if (pattern[0] == '?') return true;
  if (pattern[0] == '\\' && pattern.size() > 1) return used = 2, pattern[1] == c;
  if (pattern[0] != '[') return pattern[0] == c;
  const bool hit = match_bracket(pattern, c, used);
  if (used == 0) return used = 1, c == '[';
  return hit;
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const auto& part : parts) {
    if (&part != &parts.front()) text += separator;
    text += part;
  }
  return text;
}

std::string_view trim(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(k_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(k_space) - first + 1);
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string escape_text(std::string_view text, bool keep_newlines) {
  std::string safe;
  while (!text.empty()) {
    char32_t point = 0;
    const std::size_t length = decode_utf8(text, point);
    const bool kept = keep_newlines && (point == '\n' || point == '\t');
    if (length == 0) {
      safe += hex_escape(static_cast<unsigned char>(text[0]));
    } else if (is_harmful(point) && !kept) {
      safe += escape_point(point);
    } else {
      safe += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return safe;
}

std::string quote_for_shell(std::string_view word) {
  static constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::vector<std::string> nearest_names(std::string_view name, const std::vector<std::string>& candidates, std::size_t count) {
  std::vector<std::pair<std::size_t, std::string>> ranked;
  const std::size_t worst = std::max<std::size_t>(2, name.size() / 3);
  for (const auto& candidate : candidates) {
    const bool extends = !name.empty() && candidate.size() > name.size() && candidate.starts_with(name);
    const std::size_t distance = extends ? 1 : edit_distance(to_lower(name), to_lower(candidate));
    if (distance <= worst) ranked.emplace_back(distance, candidate);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> names;
  for (const auto& [distance, candidate] : ranked) {
    if (names.size() < count) names.push_back(candidate);
  }
  return names;
}

std::string did_you_mean(const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::string text = "did you mean " + names.front();
  for (std::size_t i = 1; i < names.size(); ++i) text += (i + 1 == names.size() ? " or " : ", ") + names[i];
  return text + "?";
}

bool matches_glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, star_text = 0;
  while (t < text.size()) {
    std::size_t used = 0;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && match_one(pattern.substr(p), text[t], used)) {
      p += used;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  static constexpr std::array<const char*, 6> units{"kB", "MB", "GB", "TB", "PB", "EB"};
  auto value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < units.size()) value /= 1000, ++unit;
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.1f %s", value, units[unit]);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string format_rfc3339(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  std::array<char, 40> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

std::int64_t parse_rfc3339(std::string_view text) {
  const auto bad = [&]() -> std::int64_t { throw Error(ErrorKind::invalid, "'" + escape_text(text) + "' is not an RFC 3339 time"); };
  const auto number = [&](std::size_t at, std::size_t length) {
    int value = 0;
    for (std::size_t i = at; i < at + length; ++i) {
      if (i >= text.size() || text[i] < '0' || text[i] > '9') bad();
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') return bad();
  std::tm utc{};
  utc.tm_year = number(0, 4) - 1900, utc.tm_mon = number(5, 2) - 1, utc.tm_mday = number(8, 2);
  utc.tm_hour = number(11, 2), utc.tm_min = number(14, 2), utc.tm_sec = number(17, 2);
  std::size_t zone = 19;
  if (text[zone] == '.') zone = std::min(text.find_first_not_of("0123456789", zone + 1), text.size());
  std::int64_t offset = 0;
  if (zone + 6 == text.size() && (text[zone] == '+' || text[zone] == '-')) {
    offset = (number(zone + 1, 2) * 60 + number(zone + 4, 2)) * (text[zone] == '+' ? 60 : -60);
  } else if (zone + 1 != text.size() || (text[zone] != 'Z' && text[zone] != 'z')) {
    return bad();
  }
  return std::int64_t{::timegm(&utc)} - offset;
}

std::uint64_t parse_unsigned(std::string_view text, std::string_view thing) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty())
    throw Error(ErrorKind::invalid, std::string(thing) + " '" + escape_text(text) + "' is not a number");
  return value;
}

}  // namespace jcb::util
