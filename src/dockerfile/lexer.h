// SPDX-License-Identifier: Apache-2.0
// BuildKit's shell lexer (frontend/dockerfile/shell/lex.go): quotes, escapes and variables of one word or one line.
// It resembles a shell's, with its own corners: an escape in front of any character is dropped, the results of `$V` are
// split at blanks when words are asked for, and `<<` takes the blanks behind it into the word (heredocs).
#pragma once

#include "dockerfile/expand.h"

#include <string>
#include <string_view>
#include <vector>

namespace jcb::dockerfile {

struct LexerOptions {
  char escape = '\\';
  bool keep_quotes = false;       ///< quote characters stay in the result
  bool keep_escapes = false;      ///< escape characters stay in the result
  bool keep_unset = false;        ///< `$V` of an unset V stays as written
  bool quotes_are_plain = false;  ///< quotes do not quote (heredoc bodies)
  bool names_only = false;        ///< only `lookup` is called for every name; patterns and `?` are not evaluated
};

struct LexerResult {
  std::string text;
  std::vector<std::string> words;
};

/// Runs over `source`. Throws Error(invalid) "cannot expand 'SOURCE': cause".
LexerResult lex(std::string_view source, const Lookup& lookup, const LexerOptions& options);

}  // namespace jcb::dockerfile
