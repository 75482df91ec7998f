// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dockerfile/instruction.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::dockerfile {

/// The instruction of that name in any case, or nothing.
std::optional<Keyword> find_keyword(std::string_view name);

/// ASCII upper case, as keywords are printed.
std::string keyword_case(std::string_view name);

/// All names, in upper case.
std::vector<std::string> keyword_names();

}  // namespace jcb::dockerfile
