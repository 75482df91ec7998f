// SPDX-License-Identifier: Apache-2.0
// .dockerignore, and the patterns of COPY --exclude. As moby's ignorefile and patternmatcher have it:
//   - lines from '#' on are comments, white space around a pattern goes, paths are cleaned lexically ("a/../b" is "b"),
//     a slash in front or at the end means nothing
//   - '!' makes an exception; the last rule that matches decides
//   - what matches a directory matches all below it
// One corner is as well: a rule that is not asked, since the path is ignored (or not) already, is not remembered for
// what lies below. Patterns are compared with names in the context; "../x" is the name of nothing, so no rule can reach
// out of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/path_pattern.h"

namespace jcb::dockerfile {

/// The rules of one ignore file, in order. Immutable; may be used by many threads.
class IgnoreRules {
 public:
  /// One line that is a rule.
  struct Rule {
    std::string text;      ///< as written, without white space around it
    std::size_t line = 0;  ///< from 1; 0 for a rule that stood in no file
  };

  /// Reads the text of an ignore file; `name` is for messages. Throws Error(invalid) naming the line for what is no
  /// pattern and for NUL, and when the text has more than 1 MiB. Time to match: rules times path times pattern at most.
  static IgnoreRules parse(std::string_view text, std::string_view name);
  /// The values of --exclude: neither comments nor a meaning of a leading slash. Throws Error(invalid).
  static IgnoreRules from_patterns(const std::vector<std::string>& patterns, std::string_view name);

  /// Whether `path` (relative, clean, slashes between names) is hidden. The root, "" or ".", never is.
  bool is_ignored(std::string_view path) const { return find_hiding_rule(path) != nullptr; }
  /// The rule that hides `path`, for messages; null when it is not hidden. Valid as long as this object.
  const Rule* find_hiding_rule(std::string_view path) const;
  /// Whether all below an ignored directory is ignored as well: no exception can match there.
  bool hides_all_below(std::string_view directory) const;

  /// Whether there is an exception, so that the answer for a directory says nothing about what is below.
  bool has_exceptions() const noexcept;
  /// Whether there are no rules.
  bool empty() const noexcept { return m_entries.empty(); }
  /// What `parse` was told that the text is called.
  const std::string& name() const noexcept { return m_name; }

 private:
  struct Entry {
    Rule rule;
    bool exception = false;
    PathPattern pattern;
  };
  void add(std::string_view pattern, Rule rule);

  std::string m_name;
  std::vector<Entry> m_entries;
};

/// A path as Go's filepath.Clean makes it: no empty, "." and removable ".." parts, no slash at the end; "." when nothing
/// is left. Lexical, for patterns only.
std::string clean_path(std::string_view path);

}  // namespace jcb::dockerfile
