// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dockerfile/instruction.h"

#include <string>

namespace jcb::dockerfile {

/// The file in BuildKit's dump notation, one instruction a line: `(copy ["--user=me"] "foo" "/tmp/")`. Strings are
/// quoted as Go's strconv.Quote does; ENV and LABEL pairs show their separator; heredoc bodies do not show.
std::string to_ast(const Dockerfile& file);

}  // namespace jcb::dockerfile
