// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/path_pattern.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::dockerfile {
namespace {

constexpr std::size_t k_longest_pattern = std::size_t{64} << 10;

// Length of the character at the start of non-empty text; a byte that begins no UTF-8 sequence counts as one.
std::size_t character_size(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
  if (size > text.size()) return 1;
  for (std::size_t i = 1; i < size; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 1;
  }
  return size;
}

[[noreturn]] void reject(std::string_view pattern, std::string_view cause) {
  std::string shown = util::escape_text(pattern.substr(0, 200));
  throw Error(ErrorKind::invalid, "bad pattern '" + shown + (pattern.size() > 200 ? "..." : "") + "': " + std::string(cause));
}

}  // namespace

class PathPattern::Parser {
 public:
  Parser(std::string_view text, DoubleStar double_star) : m_text(text), m_rest(text), m_double_star(double_star) {}

  std::vector<Token> parse() {
    if (m_text.size() > k_longest_pattern) reject(m_text, "longer than " + std::to_string(k_longest_pattern) + " bytes");
    if (m_text.find('\0') != std::string_view::npos) reject(m_text, "it has a NUL");
    if (m_double_star == DoubleStar::directories && is_plain_suffix()) {
      m_tokens.push_back({Kind::everything, {}, {}});
      m_rest.remove_prefix(2);
    }
    while (!m_rest.empty()) parse_element();
    return std::move(m_tokens);
  }

 private:
  // moby: "**" and then only plain text is compared with the end of the path, so **.o is also a part of a name.
  bool is_plain_suffix() const {
    return m_rest.starts_with("**") && !m_rest.starts_with("**/") && m_rest.substr(2).find_first_of("*?[]\\") == std::string_view::npos;
  }

  std::string take() {
    const std::size_t size = character_size(m_rest);
    std::string character(m_rest.substr(0, size));
    m_rest.remove_prefix(size);
    return character;
  }

  std::string take_escaped() {
    if (m_rest[0] != '\\') return take();
    m_rest.remove_prefix(1);
    if (m_rest.empty()) reject(m_text, "it ends in '\\'");
    return take();
  }

  void parse_element() {
    if (m_rest[0] == '*') return parse_stars();
    if (m_rest[0] == '[') return parse_class();
    if (m_rest[0] == '?') {
      m_rest.remove_prefix(1);
      m_tokens.push_back({Kind::any, {}, {}});
      return;
    }
    m_tokens.push_back({Kind::literal, take_escaped(), {}});
  }

  void parse_stars() {
    if (m_double_star == DoubleStar::star || !m_rest.starts_with("**")) {
      m_rest.remove_prefix(1);
      return push_once(Kind::star);
    }
    m_rest.remove_prefix(2);
    if (m_rest.starts_with('/')) m_rest.remove_prefix(1);
    push_once(m_rest.empty() ? Kind::everything : Kind::directories);
  }

  // Neighbours of these kinds match what one matches; so their number costs nothing.
  void push_once(Kind kind) {
    if (m_tokens.empty() || m_tokens.back().kind != kind) m_tokens.push_back({kind, {}, {}});
  }

  void parse_class() {
    m_rest.remove_prefix(1);
    Token token{Kind::one_of, {}, {}};
    if (m_rest.starts_with('^')) {
      token.kind = Kind::none_of;
      m_rest.remove_prefix(1);
    }
    while (token.ranges.empty() || !m_rest.starts_with(']')) {
      Range range{take_end(), {}};
      range.high = range.low;
      if (m_rest.starts_with('-')) {
        m_rest.remove_prefix(1);
        range.high = take_end();
      }
      token.ranges.push_back(std::move(range));
      if (m_rest.empty()) reject(m_text, "'[' has no ']'");
    }
    m_rest.remove_prefix(1);
    m_tokens.push_back(std::move(token));
  }

  // One end of a range, which filepath.Match wants escaped when it is '-' or ']'.
  std::string take_end() {
    if (m_rest.empty()) reject(m_text, "'[' has no ']'");
    if (m_rest[0] == '-' || m_rest[0] == ']') reject(m_text, "a class needs '\\' in front of '-' and ']'");
    return take_escaped();
  }

  std::string_view m_text, m_rest;
  DoubleStar m_double_star;
  std::vector<Token> m_tokens;
};

// The token positions that what has been read so far can lead to, as a list without repetitions. A state is a position,
// times two and one more for "inside the directories of **/", which cannot end where no slash is.
class PathPattern::Matcher {
 public:
  explicit Matcher(const std::vector<Token>& tokens) : m_tokens(tokens), m_seen(2 * tokens.size() + 2, 0) { add(0); }

  bool alive() const { return !m_states.empty(); }
  bool matched() const { return m_matched; }

  void advance(std::string_view character) {
    m_states.swap(m_previous);
    m_states.clear();
    m_matched = false;
    ++m_round;
    for (const std::size_t state : m_previous) step(state, character);
  }

 private:
  void step(std::size_t state, std::string_view character) {
    const std::size_t position = state / 2;
    if (position == m_tokens.size()) return;
    const Token& token = m_tokens[position];
    switch (token.kind) {
      case Kind::literal:
        if (token.text == character) add(position + 1);
        break;
      case Kind::any:
        if (character != "/") add(position + 1);
        break;
      case Kind::star:
        if (character != "/") add(position);
        break;
      case Kind::one_of:
      case Kind::none_of:
        if (is_in(token, character) == (token.kind == Kind::one_of)) add(position + 1);
        break;
      case Kind::directories:
        put(2 * position + 1);
        if (character == "/") add(position + 1);
        break;
      case Kind::everything:
        add(position);
        break;
    }
  }

  static bool is_in(const Token& token, std::string_view character) {
    return std::any_of(token.ranges.begin(), token.ranges.end(),
                       [&](const Range& range) { return range.low <= character && character <= range.high; });
  }

  // What may match nothing is passed at once.
  void add(std::size_t position) {
    while (put(2 * position)) {
      if (position == m_tokens.size()) {
        m_matched = true;
        return;
      }
      const Kind kind = m_tokens[position].kind;
      if (kind != Kind::star && kind != Kind::directories && kind != Kind::everything) return;
      ++position;
    }
  }

  bool put(std::size_t state) {
    if (m_seen[state] == m_round) return false;
    m_seen[state] = m_round;
    m_states.push_back(state);
    return true;
  }

  const std::vector<Token>& m_tokens;
  std::vector<std::uint32_t> m_seen;
  std::vector<std::size_t> m_states, m_previous;
  std::uint32_t m_round = 1;
  bool m_matched = false;
};

PathPattern PathPattern::parse(std::string_view text, DoubleStar double_star) {
  PathPattern pattern;
  pattern.m_tokens = Parser(text, double_star).parse();
  for (const auto& token : pattern.m_tokens) {
    if (token.kind != Kind::literal) break;
    pattern.m_literal_start += token.text;
  }
  return pattern;
}

bool PathPattern::matches(std::string_view path) const {
  if (!begins_like(path)) return false;
  Matcher matcher(m_tokens);
  for (std::size_t at = 0; at < path.size() && matcher.alive();) {
    const std::size_t size = character_size(path.substr(at));
    matcher.advance(path.substr(at, size));
    at += size;
  }
  return matcher.matched();
}

bool PathPattern::matches_or_parent(std::string_view path) const {
  const auto prefixes = match_prefixes(path);
  return std::find(prefixes.begin(), prefixes.end(), true) != prefixes.end();
}

std::vector<bool> PathPattern::match_prefixes(std::string_view path) const {
  if (!begins_like(path)) return {};
  std::vector<bool> prefixes;
  Matcher matcher(m_tokens);
  bool any = false;
  for (std::size_t at = 0;; at += character_size(path.substr(at))) {
    if (at == path.size() || path[at] == '/') {
      prefixes.push_back(matcher.matched());
      any = any || matcher.matched();
    }
    if (at == path.size()) break;
    matcher.advance(path.substr(at, character_size(path.substr(at))));
  }
  return any ? prefixes : std::vector<bool>{};
}

bool PathPattern::may_match_below(std::string_view directory) const {
  const std::string start = directory.empty() ? "" : std::string(directory) + "/";
  if (!begins_like(start) && !m_literal_start.starts_with(start)) return false;
  Matcher matcher(m_tokens);
  for (std::size_t at = 0; at < start.size() && matcher.alive();) {
    const std::size_t size = character_size(std::string_view(start).substr(at));
    matcher.advance(std::string_view(start).substr(at, size));
    at += size;
  }
  return matcher.alive();
}

bool has_wildcards(std::string_view path) noexcept {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\') {
      ++i;
    } else if (path[i] == '*' || path[i] == '?' || path[i] == '[') {
      return true;
    }
  }
  return false;
}

}  // namespace jcb::dockerfile
