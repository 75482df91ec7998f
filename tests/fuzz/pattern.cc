// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/pattern.h"

#include "fuzz/targets.h"
#include "jcbuild/error.h"

#include <optional>

namespace jcb::fuzz {
namespace {

constexpr std::size_t k_longest_pattern = 16, k_longest_value = 24;

// Few characters, so that patterns match.
std::string translate(std::string_view input, std::string_view alphabet) {
  std::string text;
  for (const char c : input) text += alphabet[static_cast<unsigned char>(c) % alphabet.size()];
  return text;
}

// A pattern as a list of characters, -1 for `?` and -2 for `*`.
std::optional<std::vector<int>> slow_tokens(std::string_view pattern) {
  std::vector<int> tokens;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      if (++i == pattern.size() || std::string_view("*?\\/}").find(pattern[i]) == std::string_view::npos) return std::nullopt;
      tokens.push_back(pattern[i]);
    } else {
      tokens.push_back(pattern[i] == '?' ? -1 : pattern[i] == '*' ? -2 : pattern[i]);
    }
  }
  return tokens;
}

bool matches(const std::vector<int>& tokens, std::string_view text, std::size_t token = 0) {
  if (token == tokens.size()) return text.empty();
  if (tokens[token] == -2) {
    if (matches(tokens, text, token + 1)) return true;
    return !text.empty() && text[0] != '\n' && matches(tokens, text.substr(1), token);
  }
  if (text.empty()) return false;
  const bool fits = tokens[token] == -1 ? text[0] != '\n' : text[0] == tokens[token];
  return fits && matches(tokens, text.substr(1), token + 1);
}

std::string_view slow_without_prefix(const std::vector<int>& tokens, std::string_view value, bool longest) {
  for (std::size_t i = 0; i <= value.size(); ++i) {
    const std::size_t size = longest ? value.size() - i : i;
    if (matches(tokens, value.substr(0, size))) return value.substr(size);
  }
  return value;
}

std::string_view slow_without_suffix(const std::vector<int>& tokens, std::string_view value, bool longest) {
  for (std::size_t i = 0; i <= value.size(); ++i) {
    const std::size_t begin = longest ? i : value.size() - i;
    if (matches(tokens, value.substr(begin))) return value.substr(0, begin);
  }
  return value;
}

std::string slow_replace(const std::vector<int>& tokens, std::string_view value, std::string_view replacement, bool all) {
  std::string result;
  std::size_t copied = 0, last_end = value.size() + 1;
  for (std::size_t begin = 0; begin <= value.size(); ++begin) {
    for (std::size_t end = value.size() + 1; end-- > begin;) {
      const bool touches_last = begin == end && begin == last_end;
      if (touches_last || !matches(tokens, value.substr(begin, end - begin))) continue;
      result.append(value.substr(copied, begin - copied)).append(replacement);
      copied = last_end = end;
      if (!all) return result.append(value.substr(copied));
      begin = end == begin ? begin : end - 1;
      break;
    }
  }
  return result.append(value.substr(copied));
}

void compare(const std::string& text, const std::string& value) {
  const auto tokens = slow_tokens(text);
  std::optional<dockerfile::Pattern> pattern;
  try {
    pattern = dockerfile::Pattern::parse(text);
  } catch (const Error&) {
  }
  require(tokens.has_value() == pattern.has_value(), "both take the pattern: " + text);
  if (!pattern) return;
  for (const bool flag : {false, true}) {
    require(pattern->without_prefix(value, flag) == slow_without_prefix(*tokens, value, flag), "prefix " + text + " of " + value);
    require(pattern->without_suffix(value, flag) == slow_without_suffix(*tokens, value, flag), "suffix " + text + " of " + value);
    require(pattern->replace(value, "<>", flag) == slow_replace(*tokens, value, "<>", flag), "replacement " + text + " in " + value);
  }
}

}  // namespace

void pattern(std::string_view input) {
  if (input.empty()) return;
  const std::size_t size = static_cast<unsigned char>(input[0]) % (k_longest_pattern + 1);
  input.remove_prefix(1);
  // Few stars: the slow matcher is exponential in them.
  std::string text = translate(input.substr(0, size), "aaabbb*??\\/}\n");
  std::size_t stars = 0;
  for (char& c : text) c = c == '*' && ++stars > 3 ? 'a' : c;
  const std::string value = translate(input.size() > size ? input.substr(size, k_longest_value) : "", "aaabbb*?\\/}\n");
  compare(text, value);
}

}  // namespace jcb::fuzz
