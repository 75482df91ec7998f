// SPDX-License-Identifier: Apache-2.0
// A Dockerfile's text as physical lines and, continuations joined, as logical lines; both remember where they came from.
#pragma once

#include "dockerfile/instruction.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::dockerfile {

/// The file: borrowed text, split into lines. Lines keep their line ends.
class Source {
 public:
  /// Checks the limits and refuses NUL bytes. A byte order mark is skipped. Throws Error(invalid).
  Source(std::string_view text, std::string_view name);

  const std::vector<std::string_view>& lines() const noexcept { return m_lines; }
  /// Throws the Error(invalid) "NAME:LINE:COLUMN: CAUSE" that shows the line.
  [[noreturn]] void fail(Position position, const std::string& cause, const std::string& hint = {}) const;

 private:
  void split(std::string_view text);
  std::string m_name;
  std::vector<std::string_view> m_lines;
};

/// The text of one instruction, or a part of it.
class LogicalLine {
 public:
  LogicalLine(const Source& source, std::size_t line_number) : m_source(&source), m_line_number(line_number) {}

  const std::string& text() const noexcept { return m_text; }
  /// Adds text that stands in the file at `position`.
  void append(std::string_view text, Position position);
  /// The part from `offset` on, `size` bytes long.
  LogicalLine part(std::size_t offset, std::size_t size) const;
  /// Where the byte at `offset` stands in the file.
  Position position(std::size_t offset) const;
  [[noreturn]] void fail(std::size_t offset, const std::string& cause, const std::string& hint = {}) const;

 private:
  struct Piece {
    std::size_t offset;
    Position position;
  };
  const Source* m_source;
  std::size_t m_line_number;
  std::string m_text;
  std::vector<Piece> m_pieces;
  std::size_t m_base = 0;  // where this part starts in the text that m_pieces count in
};

/// Reads logical lines one after another.
class LineReader {
 public:
  /// Starts behind the first `skipped` lines.
  LineReader(const Source& source, char escape, std::size_t skipped = 0) : m_source(source), m_escape(escape), m_next(skipped) {}

  /// The next line that holds an instruction: comments and blank lines before it are skipped; a line that ends in the
  /// escape character goes on in the next, where comments and blank lines inside are left out. Nothing at the end.
  std::optional<LogicalLine> next();
  /// The next physical line with its line end, whatever it holds (heredoc bodies). Nothing at the end.
  std::optional<std::string_view> next_physical();

  /// The number of the physical line that was read last.
  std::size_t line_number() const noexcept { return m_next; }
  /// The comments between the last logical line and the one before it, as Instruction::comments has them.
  const std::vector<std::string>& comments() const noexcept { return m_comments; }
  /// The first blank line inside the last logical line; 0 where there is none.
  std::size_t empty_continuation_line() const noexcept { return m_empty_continuation_line; }

 private:
  void take_comment(std::string_view line);
  bool append_continued(LogicalLine& line, std::string_view text, std::size_t column) const;
  const Source& m_source;
  char m_escape;
  std::size_t m_next;
  std::vector<std::string> m_comments;
  std::size_t m_empty_continuation_line = 0;
};

}  // namespace jcb::dockerfile
