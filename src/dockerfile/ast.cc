// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/ast.h"

#include "util/text.h"

#include <array>
#include <cstdio>

namespace jcb::dockerfile {
namespace {

std::string format(const char* pattern, unsigned value) {
  std::array<char, 16> text{};
  const int size = std::snprintf(text.data(), text.size(), pattern, value);
  return {text.data(), static_cast<std::size_t>(size)};
}

// The code point of the valid UTF-8 sequence at the start of `text`; `size` 1 and no point where there is none.
bool decode(std::string_view text, char32_t& point, std::size_t& size) {
  const auto lead = static_cast<unsigned char>(text[0]);
  size = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
  point = size == 1 ? lead : lead & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if (i >= text.size() || (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) size = 0;
    if (size != 0) point = (point << 6) | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> k_smallest{0, 0, 0x80, 0x800, 0x10000};
  const bool valid = size != 0 && point >= k_smallest[size] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  if (!valid) size = 1;
  return valid;
}

// What Go's unicode.IsPrint refuses: controls, formats, blanks other than U+0020, private use.
bool is_printable(char32_t point) {
  struct Range {
    char32_t first, last;
  };
  static constexpr std::array<Range, 14> k_refused{{{0, 0x1f},
                                                    {0x7f, 0xa0},
                                                    {0xad, 0xad},
                                                    {0x61c, 0x61c},
                                                    {0x1680, 0x1680},
                                                    {0x180e, 0x180e},
                                                    {0x2000, 0x200f},
                                                    {0x2028, 0x202f},
                                                    {0x205f, 0x206f},
                                                    {0x3000, 0x3000},
                                                    {0xe000, 0xf8ff},
                                                    {0xfeff, 0xfeff},
                                                    {0xfff0, 0xfffb},
                                                    {0xe0000, 0x10ffff}}};
  for (const Range& range : k_refused) {
    if (point >= range.first && point <= range.last) return false;
  }
  return true;
}

std::string escape_point(char32_t point) {
  constexpr std::string_view k_controls = "\a\b\t\n\v\f\r", k_letters = "abtnvfr";
  if (point < 0x80) {
    const auto known = k_controls.find(static_cast<char>(point));
    return known == std::string_view::npos ? format("\\x%02x", point) : std::string("\\") + k_letters[known];
  }
  return format(point < 0x10000 ? "\\u%04x" : "\\U%08x", point);
}

}  // namespace

std::string quote(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    char32_t point = 0;
    std::size_t size = 0;
    if (!decode(text, point, size)) {
      quoted += format("\\x%02x", static_cast<unsigned char>(text[0]));
    } else if (!is_printable(point)) {
      quoted += escape_point(point);
    } else {
      if (point == '"' || point == '\\') quoted += '\\';
      quoted += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return quoted + '"';
}

namespace {

std::string dump(const Instruction& instruction, char escape) {
  std::string text = "(" + util::to_lower(keyword_name(instruction.keyword));
  std::string flags;
  for (const std::string& flag : instruction.flags) flags += (flags.empty() ? "" : " ") + quote(flag);
  if (!flags.empty()) text += " [" + flags + "]";
  const bool pairs = instruction.keyword == Keyword::env || instruction.keyword == Keyword::label;
  const bool trigger = instruction.keyword == Keyword::onbuild;
  for (std::size_t i = 0; i < instruction.arguments.size(); ++i) {
    const std::string& argument = instruction.arguments[i];
    text += " " + (trigger ? dump(parse_instructions(argument, "ONBUILD", escape).instructions.at(0), escape) : quote(argument));
    if (pairs && i % 2 == 1) text += instruction.legacy_form ? " \"\"" : " \"=\"";
  }
  return text + ")";
}

}  // namespace

std::string to_ast(const Dockerfile& file) {
  std::string text;
  for (const Instruction& instruction : file.instructions) text += dump(instruction, file.escape) + "\n";
  return text;
}

}  // namespace jcb::dockerfile
