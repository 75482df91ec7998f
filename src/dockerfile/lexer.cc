// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/lexer.h"

#include "dockerfile/pattern.h"
#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>
#include <optional>

namespace jcb::dockerfile {
namespace {

constexpr std::size_t k_longest_result = std::size_t{1} << 20;
constexpr int k_deepest_nesting = 100;

bool is_blank(char c) { return std::string_view(" \t\r\n\v\f").find(c) != std::string_view::npos; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_character(char c) { return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_special_parameter(char c) { return std::string_view("@*#?-$!").find(c) != std::string_view::npos; }

[[noreturn]] void reject(const std::string& cause) { throw Error(ErrorKind::invalid, cause); }

void append(std::string& text, std::string_view piece) {
  if (piece.size() > k_longest_result - text.size()) reject("the result is longer than 1 MiB");
  text.append(piece);
}

// A result as one text and as words. "Raw" text never ends a word; other text does at its blanks.
class Output {
 public:
  void add_raw(std::string_view piece) {
    append(m_result.text, piece);
    m_word.append(piece);
  }
  void add(std::string_view piece) {
    append(m_result.text, piece);
    for (const char c : piece) {
      if (is_blank(c)) {
        end_word();
      } else {
        m_word += c;
      }
    }
  }
  LexerResult take() {
    end_word();
    return std::move(m_result);
  }

 private:
  void end_word() {
    if (!m_word.empty()) m_result.words.push_back(std::move(m_word));
    m_word.clear();
  }
  LexerResult m_result;
  std::string m_word;
};

class Lexer {
 public:
  Lexer(std::string_view source, const Lookup& lookup, const LexerOptions& options)
      : m_source(source), m_lookup(lookup), m_options(options), m_keep_escapes(options.keep_escapes) {}

  /// Everything up to the unquoted `stop` (which is taken too), or to the end where there is no `stop`.
  LexerResult process(std::optional<char> stop, bool keep_escapes);

 private:
  bool at_end() const { return m_at == m_source.size(); }
  bool next_is(char c) const { return !at_end() && m_source[m_at] == c; }
  bool take_if(char c) { return next_is(c) && (++m_at, true); }
  char take() { return m_source[m_at++]; }

  bool quoted(Output& output);
  void escaped(Output& output);
  std::string single_quoted();
  std::string double_quoted();
  std::string possible_heredoc();
  std::string variable();
  std::string braced_variable();
  std::string modified(const std::string& name, std::string modifier);
  std::string replaced(const std::string& name);
  std::string operand(char stop, bool keep_escapes, const char* missing);
  std::string take_name();

  std::optional<std::string> look_up(const std::string& name) const { return m_lookup(name); }

  std::string_view m_source;
  const Lookup& m_lookup;
  const LexerOptions& m_options;
  bool m_keep_escapes;
  std::size_t m_at = 0;
  int m_depth = 0;
};

LexerResult Lexer::process(std::optional<char> stop, bool keep_escapes) {
  if (++m_depth > k_deepest_nesting) reject("substitutions are nested too deeply");
  const bool outer_keep_escapes = std::exchange(m_keep_escapes, keep_escapes);
  Output output;
  while (!at_end() && !(stop && next_is(*stop))) {
    if (next_is('$')) {
      output.add(variable());
    } else if (next_is('<')) {
      output.add_raw(possible_heredoc());
    } else if (next_is(m_options.escape)) {
      escaped(output);
    } else if (!quoted(output)) {
      const char c = take();
      output.add(std::string_view(&c, 1));
    }
  }
  if (stop && !take_if(*stop)) reject(std::string("unexpected end while looking for the matching '") + *stop + "'");
  m_keep_escapes = outer_keep_escapes;
  --m_depth;
  return output.take();
}

bool Lexer::quoted(Output& output) {
  if (m_options.quotes_are_plain) return false;
  if (!next_is('\'') && !next_is('"')) return false;
  output.add_raw(next_is('"') ? double_quoted() : single_quoted());
  return true;
}

void Lexer::escaped(Output& output) {
  const char escape = take();
  if (m_keep_escapes) output.add_raw(std::string_view(&escape, 1));
  if (at_end()) return;
  const char c = take();
  output.add_raw(std::string_view(&c, 1));
}

std::string Lexer::single_quoted() {
  const auto end = m_source.find('\'', m_at + 1);
  if (end == std::string_view::npos) reject("unexpected end while looking for the matching single quote");
  const bool keep = m_options.keep_quotes;
  const auto text = keep ? m_source.substr(m_at, end + 1 - m_at) : m_source.substr(m_at + 1, end - m_at - 1);
  m_at = end + 1;
  return std::string(text);
}

std::string Lexer::double_quoted() {
  std::string text;
  if (take(); m_options.keep_quotes) text += '"';
  while (!next_is('"')) {
    if (at_end()) reject("unexpected end while looking for the matching double quote");
    if (next_is('$')) {
      append(text, variable());
      continue;
    }
    char c = take();
    if (c == m_options.escape && !at_end()) {
      // Only what is special inside double quotes can be escaped there; in front of anything else the escape stays.
      const bool special = next_is('"') || next_is('$') || next_is(m_options.escape);
      if (special && m_keep_escapes) text += c;
      if (special) c = take();
    }
    append(text, std::string_view(&c, 1));
  }
  if (take(); m_options.keep_quotes) text += '"';
  return text;
}

// The blanks between `<<` and a delimiter belong to the word.
std::string Lexer::possible_heredoc() {
  const auto start = m_at++;
  if (take_if('<')) {
    while (next_is(' ') || next_is('\t') || next_is('\r')) ++m_at;
  }
  return std::string(m_source.substr(start, m_at - start));
}

std::string Lexer::take_name() {
  const auto start = m_at;
  if (!at_end() && is_digit(m_source[m_at])) {
    while (!at_end() && is_digit(m_source[m_at])) ++m_at;
  } else if (!at_end() && is_special_parameter(m_source[m_at])) {
    ++m_at;
  } else {
    while (!at_end() && is_name_character(m_source[m_at])) ++m_at;
  }
  return std::string(m_source.substr(start, m_at - start));
}

std::string Lexer::variable() {
  take();
  if (take_if('{')) return braced_variable();
  const std::string name = take_name();
  if (name.empty()) return "$";
  const auto value = look_up(name);
  if (!value && m_options.keep_unset) return "$" + name;
  return value.value_or("");
}

std::string Lexer::braced_variable() {
  if (at_end()) reject("missing '}'");
  if (next_is('{') || next_is('}') || next_is(':')) reject("bad substitution");
  const std::string name = take_name();
  if (at_end()) reject("missing '}'");
  if (take_if('}')) {
    const auto value = look_up(name);
    if (!value && m_options.keep_unset) return "${" + name + "}";
    return value.value_or("");
  }
  if (take_if('/')) return replaced(name);
  std::string modifier(1, take());
  if (modifier == ":" && !at_end()) modifier += take();
  return modified(name, modifier);
}

// What a substitution does once its operand is known: everything but the replacement, which has two.
std::string apply(const std::string& name, const std::string& modifier, std::string operand, const std::optional<std::string>& value) {
  const bool absent = !value || (modifier[0] == ':' && value->empty());
  const char action = modifier.back();
  if (action == '-') return absent ? operand : *value;
  if (action == '+') return absent ? "" : operand;
  if (action == '?') {
    if (absent && operand.empty()) operand = value ? "is not allowed to be empty" : "is not allowed to be unset";
    if (absent) reject(name + ": " + operand);
    return *value;
  }
  const bool longest = operand.starts_with(action);
  const Pattern pattern = Pattern::parse(std::string_view(operand).substr(longest ? 1 : 0));
  const std::string text = value.value_or("");
  return std::string(action == '#' ? pattern.without_prefix(text, longest) : pattern.without_suffix(text, longest));
}

std::string Lexer::modified(const std::string& name, std::string modifier) {
  const char action = modifier.back();
  const bool is_pattern = action == '#' || action == '%';
  const bool known = std::string_view("-+?#%").find(action) != std::string_view::npos && !(is_pattern && modifier.size() > 1);
  if (name.empty() || !known) reject("unsupported modifier (" + modifier + ") in a substitution");
  std::string word = operand('}', is_pattern, "missing '}'");
  const auto value = look_up(name);
  if (m_options.names_only) return {};
  if (!value && m_options.keep_unset) return "${" + name + modifier + word + "}";
  return apply(name, modifier, std::move(word), value);
}

std::string Lexer::replaced(const std::string& name) {
  if (name.empty()) reject("unsupported modifier (/) in a substitution");
  const bool all = take_if('/');
  const std::string pattern = operand('/', true, "missing '/' in ${}");
  const std::string replacement = operand('}', true, "missing '}'");
  const auto value = look_up(name);
  if (m_options.names_only) return {};
  if (!value && m_options.keep_unset) return "${" + name + (all ? "//" : "/") + pattern + "/" + replacement + "}";
  std::string result;
  append(result, Pattern::parse(pattern).replace(value.value_or(""), replacement, all));
  return result;
}

std::string Lexer::operand(char stop, bool keep_escapes, const char* missing) {
  try {
    return process(stop, keep_escapes).text;
  } catch (const Error&) {
    if (at_end()) reject(missing);
    throw;
  }
}

std::string excerpt(std::string_view source) {
  constexpr std::size_t k_shown = 120;
  return util::escape_text(source.substr(0, k_shown)) + (source.size() > k_shown ? "..." : "");
}

}  // namespace

LexerResult lex(std::string_view source, const Lookup& lookup, const LexerOptions& options) {
  try {
    return Lexer(source, lookup, options).process(std::nullopt, options.keep_escapes);
  } catch (const Error& error) {
    throw Error(ErrorKind::invalid, "cannot expand '" + excerpt(source) + "': " + util::escape_text(error.message()));
  }
}

}  // namespace jcb::dockerfile
