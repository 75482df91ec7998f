// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dockerfile/instruction.h"

#include <string>
#include <string_view>

namespace jcb::dockerfile {

/// The file in BuildKit's dump notation, one instruction a line: `(copy ["--user=me"] "foo" "/tmp/")`. Strings are
/// quoted as Go's strconv.Quote does; ENV and LABEL pairs show their separator; heredoc bodies do not show.
std::string to_ast(const Dockerfile& file);

/// The text in double quotes, escaped as Go's strconv.Quote does: for what docker writes with %q.
std::string quote(std::string_view text);

}  // namespace jcb::dockerfile
