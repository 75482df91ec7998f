// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/pattern.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>
#include <optional>

namespace jcb::dockerfile {
namespace {

constexpr std::size_t k_longest_pattern = 4096;
constexpr std::size_t k_most_steps = std::size_t{1} << 27;

// Bytes of the character at the start of `text`: a whole UTF-8 sequence, or one byte where it is not UTF-8.
std::size_t character_size(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
  if (text.size() < size) return 1;
  for (std::size_t i = 1; i < size; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 1;
  }
  return size;
}

[[noreturn]] void reject(const std::string& cause) { throw Error(ErrorKind::invalid, "invalid pattern: " + cause); }

// The character behind a backslash, which stays when it makes `*`, `?` or `\` ordinary.
std::string_view escaped_character(std::string_view rest) {
  if (rest.empty()) reject("it ends in '\\'");
  if (std::string_view("*?\\/}").find(rest[0]) == std::string_view::npos)
    reject("'\\" + util::escape_text(rest.substr(0, character_size(rest))) + "' is no escape");
  return rest.substr(0, 1);
}

}  // namespace

Pattern Pattern::parse(std::string_view text) {
  if (text.size() > k_longest_pattern) reject("longer than " + std::to_string(k_longest_pattern) + " bytes");
  Pattern pattern;
  while (!text.empty()) {
    if (text[0] == '\\') {
      pattern.m_tokens.push_back({Kind::literal, std::string(escaped_character(text.substr(1)))});
      text.remove_prefix(2);
      continue;
    }
    const std::size_t size = character_size(text);
    const Kind kind = text[0] == '*' ? Kind::star : text[0] == '?' ? Kind::any : Kind::literal;
    // Neighbouring stars match what one matches.
    const bool repeated = kind == Kind::star && !pattern.m_tokens.empty() && pattern.m_tokens.back().kind == Kind::star;
    if (!repeated) pattern.m_tokens.push_back({kind, std::string(text.substr(0, size))});
    text.remove_prefix(size);
  }
  return pattern;
}

// A step is one token looked at for one character.
void Pattern::check_cost(std::string_view value) const {
  if (!value.empty() && m_tokens.size() > k_most_steps / value.size())
    reject("too long for a value of " + std::to_string(value.size()) + " bytes");
}

// The set of token positions that a prefix of the value can reach, advanced character by character. A state remembers
// where its match started; of two matches in one state the one that started first wins (leftmost match).
class Pattern::Matcher {
 public:
  Matcher(const std::vector<Token>& tokens) : m_tokens(tokens), m_starts(tokens.size() + 1, k_dead) {}

  static constexpr std::size_t k_dead = static_cast<std::size_t>(-1);

  void start_at(std::size_t offset) { add(m_starts, 0, offset); }
  bool alive() const {
    return std::any_of(m_starts.begin(), m_starts.end(), [](std::size_t start) { return start != k_dead; });
  }
  /// Where the match that ends here started, or k_dead.
  std::size_t matched() const { return m_starts.back(); }
  /// Forgets all matches that started after `offset`.
  void keep_until(std::size_t offset) {
    for (std::size_t& start : m_starts) start = start > offset ? k_dead : start;
  }
  void advance(std::string_view character) {
    std::vector<std::size_t> next(m_starts.size(), k_dead);
    for (std::size_t i = 0; i < m_tokens.size(); ++i) {
      if (m_starts[i] == k_dead || !accepts(m_tokens[i], character)) continue;
      add(next, m_tokens[i].kind == Kind::star ? i : i + 1, m_starts[i]);
    }
    m_starts.swap(next);
  }

 private:
  static bool accepts(const Token& token, std::string_view character) {
    return token.kind == Kind::literal ? token.text == character : character != "\n";
  }
  // A star may match nothing: being in front of it is being behind it as well.
  void add(std::vector<std::size_t>& states, std::size_t state, std::size_t start) {
    states[state] = std::min(states[state], start);
    if (state < m_tokens.size() && m_tokens[state].kind == Kind::star) add(states, state + 1, start);
  }

  const std::vector<Token>& m_tokens;
  std::vector<std::size_t> m_starts;
};

std::string_view Pattern::without_prefix(std::string_view value, bool longest) const {
  check_cost(value);
  Matcher matcher(m_tokens);
  matcher.start_at(0);
  std::optional<std::size_t> end;
  for (std::size_t at = 0;; at += character_size(value.substr(at))) {
    if (matcher.matched() != Matcher::k_dead) end = at;
    if (at == value.size() || (end && !longest)) break;
    matcher.advance(value.substr(at, character_size(value.substr(at))));
    if (!matcher.alive()) break;
  }
  return value.substr(end.value_or(0));
}

std::string_view Pattern::without_suffix(std::string_view value, bool longest) const {
  check_cost(value);
  // A suffix is a prefix seen from the end: pattern and value are run backwards.
  Pattern reversed = *this;
  std::reverse(reversed.m_tokens.begin(), reversed.m_tokens.end());
  Matcher matcher(reversed.m_tokens);
  matcher.start_at(0);
  std::vector<std::size_t> ends;
  for (std::size_t at = 0; at < value.size(); at += character_size(value.substr(at))) ends.push_back(at);
  std::size_t end = value.size();
  std::optional<std::size_t> begin;
  for (auto at = ends.rbegin();; ++at) {
    if (matcher.matched() != Matcher::k_dead) begin = end;
    if (at == ends.rend() || (begin && !longest)) break;
    matcher.advance(value.substr(*at, end - *at));
    end = *at;
    if (!matcher.alive()) break;
  }
  return value.substr(0, begin.value_or(value.size()));
}

std::string Pattern::replace(std::string_view value, std::string_view replacement, bool all) const {
  check_cost(value);
  std::string result;
  std::size_t copied = 0;  // everything before is in the result
  std::size_t last_end = static_cast<std::size_t>(-1);
  while (true) {
    Matcher matcher(m_tokens);
    std::optional<std::pair<std::size_t, std::size_t>> match;
    const std::size_t from = copied;
    for (std::size_t at = from;; at += character_size(value.substr(at))) {
      if (!match) matcher.start_at(at);
      if (const std::size_t start = matcher.matched(); start != Matcher::k_dead && (start != at || at != last_end)) {
        match = {start, at};
        matcher.keep_until(start);
      }
      if (at == value.size() || (match && !matcher.alive())) break;
      matcher.advance(value.substr(at, character_size(value.substr(at))));
    }
    if (!match) break;
    result.append(value.substr(copied, match->first - copied)).append(replacement);
    copied = last_end = match->second;
    if (!all) break;
  }
  return result.append(value.substr(copied));
}

}  // namespace jcb::dockerfile
