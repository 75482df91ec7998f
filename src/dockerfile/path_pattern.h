// SPDX-License-Identifier: Apache-2.0
// One pattern for slash-separated paths, as automaton: what github.com/moby/patternmatcher makes a regular expression of,
// and what Go's filepath.Match matches. Neither is written down but in code; the rules are:
//   c        itself
//   \c       c, whatever c is
//   ?        one character, not '/'
//   *        any characters but '/'
//   [a-z]    one character of the class, [^a-z] one that is not in it ('/' included, as there)
//   **/      nothing, or any directories                                  (moby only; filepath.Match takes ** for *)
//   **       at the end: everything; elsewhere as **/; in front of plain text also a part of a name
// Matched by simulating all states at once: time is at most pattern times path, whatever the pattern.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::dockerfile {

/// What `**` means.
enum class DoubleStar {
  directories,  ///< any number of directories: .dockerignore, --exclude, --parents
  star,         ///< what `*` means: filepath.Match
};

/// A parsed pattern. Immutable; may be used by many threads.
class PathPattern {
 public:
  /// Throws Error(invalid) for an open class, a bad range, a `\` at the end, NUL, and more than 64 KiB.
  static PathPattern parse(std::string_view text, DoubleStar double_star = DoubleStar::directories);

  /// Whether the whole path matches.
  bool matches(std::string_view path) const;
  /// Whether the path or a directory that it lies in matches.
  bool matches_or_parent(std::string_view path) const;
  /// For each directory of the path from the top, and the path itself at last, whether it matches. Empty when none does.
  std::vector<bool> match_prefixes(std::string_view path) const;
  /// Whether a path below `directory` could match.
  bool may_match_below(std::string_view directory) const;

 private:
  enum class Kind : std::uint8_t { literal, any, star, one_of, none_of, directories, everything };
  struct Range {
    std::string low, high;  // one character each; UTF-8 sorts as code points do
  };
  struct Token {
    Kind kind;
    std::string text;  // of a literal: one character, several bytes where it is not ASCII
    std::vector<Range> ranges;
  };
  class Matcher;
  class Parser;

  bool begins_like(std::string_view path) const { return path.starts_with(m_literal_start); }

  std::vector<Token> m_tokens;
  std::string m_literal_start;  // what each match begins with
};

/// Whether a path has characters that make filepath.Match more than a comparison.
bool has_wildcards(std::string_view path) noexcept;

}  // namespace jcb::dockerfile
