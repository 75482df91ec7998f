// SPDX-License-Identifier: Apache-2.0
// The shapes that an instruction's arguments take (BuildKit: frontend/dockerfile/parser/{split_command,line_parsers}.go).
#pragma once

#include "dockerfile/source.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::dockerfile {

/// A word and where it starts in the text it was taken from.
struct Word {
  std::string text;
  std::size_t offset = 0;
};

/// An instruction's text cut into its parts.
struct SplitLine {
  std::string keyword;      ///< as written
  std::vector<Word> flags;  ///< the leading `--x` and `--x=y`, quotes removed; `--` ends them and is left out
  std::size_t arguments_offset = 0;
  std::string arguments;  ///< the rest, trimmed
};

/// Cuts the text.
SplitLine split_line(const LogicalLine& line, char escape);

/// Words between blanks; quotes mean nothing.
std::vector<std::string> plain_words(std::string_view text);

/// Words between unquoted blanks; quotes and escapes stay in them.
std::vector<Word> quoted_words(std::string_view text, char escape);

/// The strings of a JSON array, or nothing when the text is no JSON array (then it is a command line). A JSON array of
/// something else is a mistake that BuildKit refuses, and so do we: Error at `text`'s start.
std::optional<std::vector<std::string>> find_json_words(const LogicalLine& text);

}  // namespace jcb::dockerfile
