// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/source.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::dockerfile {
namespace {

constexpr std::size_t k_largest_file = std::size_t{4} << 20;
constexpr std::size_t k_longest_line = std::size_t{1} << 20;
constexpr std::string_view k_byte_order_mark = "\xef\xbb\xbf";
constexpr std::string_view k_blanks = " \t\r\n\v\f";

std::string_view without_line_end(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Offset of the first byte that is not blank; the size where there is none.
std::size_t indentation(std::string_view line) { return std::min(line.find_first_not_of(k_blanks), line.size()); }

bool is_comment(std::string_view line) { return line.substr(indentation(line)).starts_with('#'); }

// The line without a continuation mark (the escape character, then perhaps blanks), or nothing when it ends here. An
// escape character that is itself escaped is no mark.
std::optional<std::string_view> without_continuation(std::string_view line, char escape) {
  const auto last = line.find_last_not_of(" \t");
  if (last == std::string_view::npos || line[last] != escape) return std::nullopt;
  if (last > 0 && line[last - 1] == escape) return std::nullopt;
  return line.substr(0, last);
}

// Two lines for people: a window of the source line and a caret under its column.
std::vector<std::string> excerpt(std::string_view line, Position position) {
  constexpr std::size_t k_before = 60, k_width = 110;
  const std::size_t column = std::min(position.column - 1, line.size());
  const std::size_t from = column > k_before + k_width / 2 ? column - k_before : 0;
  std::string shown(line.substr(from, k_width));
  std::replace(shown.begin(), shown.end(), '\t', ' ');
  const std::string gutter = std::to_string(position.line) + " | ";
  const std::string before = util::escape_text(shown.substr(0, column - from));
  // A caret stands under characters, not under the bytes that continue one.
  const auto width = std::count_if(before.begin(), before.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  return {gutter + util::escape_text(shown),
          std::string(gutter.size() - 2, ' ') + "| " + std::string(static_cast<std::size_t>(width), ' ') + "^"};
}

}  // namespace

Source::Source(std::string_view text, std::string_view name) : m_name(name) {
  if (text.size() > k_largest_file) fail({1, 1}, "the file is larger than 4 MiB");
  if (text.starts_with(k_byte_order_mark)) text.remove_prefix(k_byte_order_mark.size());
  split(text);
  for (std::size_t i = 0; i < m_lines.size(); ++i) {
    if (m_lines[i].size() > k_longest_line) fail({i + 1, 1}, "the line is longer than 1 MiB");
    if (const auto nul = m_lines[i].find('\0'); nul != std::string_view::npos)
      fail({i + 1, nul + 1}, "a NUL byte: this is not a text file");
  }
}

void Source::split(std::string_view text) {
  while (!text.empty()) {
    const auto size = std::min(text.find('\n'), text.size() - 1) + 1;
    m_lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
}

void Source::fail(Position position, const std::string& cause, const std::string& hint) const {
  Error error(ErrorKind::invalid, m_name + ":" + std::to_string(position.line) + ":" + std::to_string(position.column) + ": " + cause,
              hint);
  if (position.line >= 1 && position.line <= m_lines.size())
    error.add_details(excerpt(without_line_end(m_lines[position.line - 1]), position));
  throw error;
}

void LogicalLine::append(std::string_view text, Position position) {
  if (text.size() > k_longest_line - m_text.size()) m_source->fail({m_line_number, 1}, "the instruction is longer than 1 MiB");
  m_pieces.push_back({m_text.size(), position});
  m_text.append(text);
}

LogicalLine LogicalLine::part(std::size_t offset, std::size_t size) const {
  LogicalLine part = *this;
  part.m_text = m_text.substr(offset, size);
  part.m_base = m_base + offset;
  return part;
}

Position LogicalLine::position(std::size_t offset) const {
  const std::size_t wanted = m_base + offset;
  Position position{m_line_number, 1};
  for (const Piece& piece : m_pieces) {
    // Of an empty piece and its successor, which start at one offset, the later one holds the byte.
    if (piece.offset <= wanted) position = {piece.position.line, piece.position.column + wanted - piece.offset};
  }
  return position;
}

void LogicalLine::fail(std::size_t offset, const std::string& cause, const std::string& hint) const {
  m_source->fail(position(offset), cause, hint);
}

std::optional<std::string_view> LineReader::next_physical() {
  if (m_next == m_source.lines().size()) return std::nullopt;
  return m_source.lines()[m_next++];
}

// Appends one physical line; true when the instruction goes on in the next one.
bool LineReader::append_continued(LogicalLine& line, std::string_view text, std::size_t column) const {
  const auto continued = without_continuation(text, m_escape);
  line.append(continued.value_or(text), {m_next, column});
  return continued.has_value();
}

void LineReader::take_comment(std::string_view line) {
  const std::string_view comment = util::trim(util::trim(line).substr(1));
  if (comment.empty()) {
    m_comments.clear();
  } else {
    m_comments.emplace_back(comment);
  }
}

std::optional<LogicalLine> LineReader::next() {
  m_comments.clear();
  m_empty_continuation_line = 0;
  while (auto physical = next_physical()) {
    const std::string_view first = without_line_end(*physical);
    const std::size_t indent = indentation(first);
    if (is_comment(first)) take_comment(first);
    if (indent == first.size() || first[indent] == '#') continue;
    LogicalLine line(m_source, m_next);
    bool goes_on = append_continued(line, first.substr(indent), indent + 1);
    while (goes_on && (physical = next_physical())) {
      const std::string_view text = without_line_end(*physical);
      const bool is_blank = indentation(text) == text.size();
      if (is_blank && m_empty_continuation_line == 0) m_empty_continuation_line = m_next;
      if (is_blank || is_comment(text)) continue;
      goes_on = append_continued(line, text, 1);
    }
    if (indentation(line.text()) != line.text().size()) return line;
  }
  return std::nullopt;
}

}  // namespace jcb::dockerfile
