// SPDX-License-Identifier: Apache-2.0
// Parser directives: `# NAME=VALUE` comments at the very top of a file, before any other comment, blank line or
// instruction. Known are syntax, escape and check; anything else ends them and is a comment.
#pragma once

#include "dockerfile/source.h"

#include <map>
#include <string>

namespace jcb::dockerfile {

/// Reads them. A `#!` line may stand before them. Throws for a directive given twice and for an escape character other
/// than \ and `.
std::map<std::string, std::string> read_directives(const Source& source);

}  // namespace jcb::dockerfile
