// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::dockerfile {

/// The value of a variable, or nothing when it is not set.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

/// Expands one word as BuildKit's shell lexer does: `$V ${V} ${V:-w} ${V-w} ${V:+w} ${V+w} ${V:?e} ${V?e} ${V#p} ${V##p}
/// ${V%p} ${V%%p} ${V/p/r} ${V//p/r}`, nested; single quotes keep, double quotes keep blanks, the escape character
/// escapes; quotes are removed. Throws Error(invalid) for bad syntax or `?`. Result at most 1 MiB.
std::string expand_word(std::string_view word, const Lookup& lookup, char escape = '\\');

/// The same, then split at unquoted blanks (as FROM, EXPOSE and the like need).
std::vector<std::string> expand_words(std::string_view text, const Lookup& lookup, char escape = '\\');

/// The body of a heredoc: variables as in expand_word, but quotes are ordinary characters and stay.
std::string expand_heredoc(std::string_view content, const Lookup& lookup, char escape = '\\');

/// Names of all variables that the word refers to, set or not; a cache key takes exactly these.
std::set<std::string> referenced_variables(std::string_view word, char escape = '\\');

/// The same for the body of a heredoc.
std::set<std::string> variables_in_heredoc(std::string_view content, char escape = '\\');

}  // namespace jcb::dockerfile
