// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dockerfile/source.h"

namespace jcb::dockerfile {

/// Throws, at the flag, for one that the instruction does not have, that is given twice, or whose value has not the
/// form of its kind. Values that may hold variables are not looked into.
void check_flags(const Instruction& instruction, const LogicalLine& line);

}  // namespace jcb::dockerfile
