// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/expand.h"

#include "dockerfile/lexer.h"

namespace jcb::dockerfile {
namespace {

std::set<std::string> names_in(std::string_view text, const LexerOptions& options) {
  std::set<std::string> names;
  const Lookup record = [&names](std::string_view name) -> std::optional<std::string> {
    names.emplace(name);
    return std::nullopt;
  };
  lex(text, record, options);
  return names;
}

}  // namespace

std::string expand_word(std::string_view word, const Lookup& lookup, char escape) { return lex(word, lookup, {.escape = escape}).text; }

std::vector<std::string> expand_words(std::string_view text, const Lookup& lookup, char escape) {
  return lex(text, lookup, {.escape = escape}).words;
}

std::string expand_heredoc(std::string_view content, const Lookup& lookup, char escape) {
  return lex(content, lookup, {.escape = escape, .quotes_are_plain = true}).text;
}

std::set<std::string> referenced_variables(std::string_view word, char escape) {
  return names_in(word, {.escape = escape, .names_only = true});
}

std::set<std::string> variables_in_heredoc(std::string_view content, char escape) {
  return names_in(content, {.escape = escape, .quotes_are_plain = true, .names_only = true});
}

}  // namespace jcb::dockerfile
