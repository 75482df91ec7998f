// SPDX-License-Identifier: Apache-2.0
// Parser directives: `# NAME=VALUE` comments at the very top of a file, before any other comment, blank line or
// instruction. Known are syntax, escape and check; anything else ends them and is a comment.
#pragma once

#include "dockerfile/source.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace jcb::dockerfile {

/// The directives of a file.
struct Directives {
  std::map<std::string, std::string> values;
  std::size_t lines = 0;  ///< how many lines they take at the top of the file, a `#!` line included
};

/// Reads them. A `#!` line may stand before them. Throws for a directive given twice, for an escape character other than
/// \ and `, and for a check directive that parse_check_options refuses.
Directives read_directives(const Source& source);

/// The directive that a comment line (with its `#`) spells, name in lower case; nothing when it is an ordinary comment.
std::optional<std::pair<std::string, std::string>> find_directive(std::string_view line);

}  // namespace jcb::dockerfile
