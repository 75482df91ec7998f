// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "jcbuild/error.h"

namespace jcb::cli {
namespace {

constexpr char k_hex[] = "0123456789abcdef";

// Length of the valid UTF-8 sequence at the start of `text` and its code point; 0 when there is none.
std::size_t decode(std::string_view text, char32_t& point) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : (lead & 0xf0) == 0xe0       ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  point = length == 1 ? lead : lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return 0;
    point = (point << 6) | (next & 0x3fU);
  }
  const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  return overlong || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) ? 0 : length;
}

bool is_control(char32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x61c || (point >= 0x200b && point <= 0x200f) ||
         (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

std::string hex_byte(unsigned char byte) { return {'\\', 'x', k_hex[byte >> 4], k_hex[byte & 15]}; }

std::string code_point(char32_t point) {
  if (point < 0x80) return hex_byte(static_cast<unsigned char>(point));
  std::array<char, 16> buffer{};
  const int size = std::snprintf(buffer.data(), buffer.size(), "\\u%04x", static_cast<unsigned>(point));
  return {buffer.data(), static_cast<std::size_t>(size)};
}

bool write_all(int fd, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

std::string escape(std::string_view text, bool keep_newlines) {
  std::string safe;
  while (!text.empty()) {
    char32_t point = 0;
    const std::size_t length = decode(text, point);
    const bool kept = keep_newlines && (point == '\n' || point == '\t');
    if (length == 0) {
      safe += hex_byte(static_cast<unsigned char>(text[0]));
    } else if (is_control(point) && !kept) {
      safe += code_point(point);
    } else {
      safe += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return safe;
}

std::string json_string(std::string_view text) {
  std::string literal = "\"";
  while (!text.empty()) {
    char32_t point = 0;
    const std::size_t length = decode(text, point);
    if (length == 0) {
      literal += "\\ufffd";
    } else if (point == '"' || point == '\\') {
      literal += {'\\', static_cast<char>(point)};
    } else if (is_control(point)) {
      std::array<char, 8> buffer{};
      std::snprintf(buffer.data(), buffer.size(), "\\u%04x", static_cast<unsigned>(point) & 0xffffU);
      literal += buffer.data();
    } else {
      literal += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return literal + "\"";
}

std::string human_bytes(unsigned long long bytes) {
  static constexpr std::array<const char*, 5> units{"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < units.size()) value /= 1000, ++unit;
  std::array<char, 32> buffer{};
  const int size = std::snprintf(buffer.data(), buffer.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return {buffer.data(), static_cast<std::size_t>(size)};
}

std::string human_seconds(double seconds) {
  std::array<char, 32> buffer{};
  const auto whole = static_cast<long long>(seconds);
  int size = 0;
  if (seconds < 60) {
    size = std::snprintf(buffer.data(), buffer.size(), "%.1fs", seconds);
  } else if (seconds < 3600) {
    size = std::snprintf(buffer.data(), buffer.size(), "%lldm%02llds", whole / 60, whole % 60);
  } else {
    size = std::snprintf(buffer.data(), buffer.size(), "%lldh%02lldm", whole / 3600, whole / 60 % 60);
  }
  return {buffer.data(), static_cast<std::size_t>(size)};
}

std::string cut(std::string_view escaped, std::size_t columns) {
  if (width_of(escaped) <= columns) return std::string(escaped);
  std::size_t end = 0;
  for (std::size_t used = 0; end < escaped.size(); ++end) {
    if ((static_cast<unsigned char>(escaped[end]) & 0xc0) == 0x80) continue;
    if (++used >= std::max<std::size_t>(columns, 1)) break;
  }
  return std::string(escaped.substr(0, end)) + "…";
}

std::string format_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    text += '\n';
  }
  return text;
}

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

std::size_t terminal_width(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

bool use_color(ColorChoice choice, int fd) {
  if (choice != ColorChoice::automatic) return choice == ColorChoice::always;
  const char* no_color = std::getenv("NO_COLOR");
  return is_terminal(fd) && (no_color == nullptr || no_color[0] == '\0');
}

void print_result(std::string_view text) {
  if (!write_all(STDOUT_FILENO, text)) throw_errno("write", "the result to standard output");
}

void print_story(std::string_view text) noexcept { write_all(STDERR_FILENO, text); }

}  // namespace jcb::cli
