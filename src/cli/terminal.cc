// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

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

// Good enough to keep lines from wrapping; what it misses is caught by switching wrapping off.
std::size_t point_width(char32_t point) {
  const auto within = [point](char32_t first, char32_t last) { return point >= first && point <= last; };
  const bool combining = within(0x300, 0x36f) || within(0xfe00, 0xfe0f) || within(0x1ab0, 0x1aff) || within(0x20d0, 0x20ff);
  const bool wide = within(0x1100, 0x115f) || within(0x2e80, 0xa4cf) || within(0xac00, 0xd7a3) || within(0xf900, 0xfaff) ||
                    within(0xfe30, 0xfe6f) || within(0xff00, 0xff60) || within(0xffe0, 0xffe6) || within(0x1f300, 0x1faff) ||
                    within(0x20000, 0x3fffd);
  return combining ? 0 : wide ? 2 : 1;
}

// Bytes of the longest start of `escaped` that takes at most `columns`, and the columns it takes.
std::pair<std::size_t, std::size_t> measure(std::string_view escaped, std::size_t columns) {
  std::size_t bytes = 0, used = 0;
  while (bytes < escaped.size()) {
    char32_t point = 0;
    const std::size_t length = std::max<std::size_t>(decode(escaped.substr(bytes), point), 1), width = point_width(point);
    if (used + width > columns) break;
    bytes += length;
    used += width;
  }
  return {bytes, used};
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
  const auto whole = static_cast<long long>(seconds + 0.05);
  int size = 0;
  if (whole < 60) {
    size = std::snprintf(buffer.data(), buffer.size(), "%.1fs", seconds);
  } else if (seconds < 3600) {
    size = std::snprintf(buffer.data(), buffer.size(), "%lldm%02llds", whole / 60, whole % 60);
  } else {
    size = std::snprintf(buffer.data(), buffer.size(), "%lldh%02lldm", whole / 3600, whole / 60 % 60);
  }
  return {buffer.data(), static_cast<std::size_t>(size)};
}

std::size_t display_width(std::string_view escaped) { return measure(escaped, std::string_view::npos).second; }

std::string cut(std::string_view escaped, std::size_t columns) {
  if (measure(escaped, columns).first == escaped.size()) return std::string(escaped);
  return std::string(escaped.substr(0, measure(escaped, std::max<std::size_t>(columns, 1) - 1).first)) + "…";
}

std::string format_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths[i] - display_width(row[i]) + 2, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

std::size_t terminal_width(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::size_t terminal_height(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

bool use_color(ColorChoice choice, int fd) {
  if (choice != ColorChoice::automatic) return choice == ColorChoice::always;
  const char* no_color = std::getenv("NO_COLOR");
  return is_terminal(fd) && (no_color == nullptr || no_color[0] == '\0');
}

void print_result(std::string_view text) {
  // Not throw_errno: its hint about a full disk is about the store, not about where standard output goes.
  if (!write_all(STDOUT_FILENO, text))
    throw Error(ErrorKind::system, std::string("cannot write the result to standard output: ") + std::strerror(errno), {}, errno);
}

void print_story(std::string_view text) noexcept { write_all(STDERR_FILENO, text); }

}  // namespace jcb::cli
