// SPDX-License-Identifier: Apache-2.0
// Shell patterns inside `${V#p}`, `${V%p}` and `${V/p/r}`: `*` and `?` (neither matches a newline), `\` in front of
// `*`, `?`, `\`, `/` or `}` makes it ordinary; bracket expressions do not exist. Matched by simulating the automaton,
// so that no pattern takes exponential time; std::regex would, and overflows the stack on long values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jcb::dockerfile {

/// A parsed pattern. Matching throws Error(invalid) where pattern and value are both so long that it would take seconds.
class Pattern {
 public:
  /// Throws Error(invalid) for `\` before another character and for patterns longer than 4 KiB.
  static Pattern parse(std::string_view text);

  /// `value` without the shortest (or longest) prefix that matches; unchanged when none does.
  std::string_view without_prefix(std::string_view value, bool longest) const;
  /// The same at the end.
  std::string_view without_suffix(std::string_view value, bool longest) const;
  /// `value` with the first match (or all, from left to right) replaced; a match is as long as possible.
  std::string replace(std::string_view value, std::string_view replacement, bool all) const;

 private:
  enum class Kind { literal, any, star };
  struct Token {
    Kind kind;
    std::string text;  // of a literal: one character, several bytes where it is not ASCII
  };
  class Matcher;
  void check_cost(std::string_view value) const;
  std::vector<Token> m_tokens;
};

}  // namespace jcb::dockerfile
