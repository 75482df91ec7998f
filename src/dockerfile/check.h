// SPDX-License-Identifier: Apache-2.0
// What can be said about an instruction without building: how many arguments it takes, which flags and of what form.
#pragma once

#include "dockerfile/source.h"

namespace jcb::dockerfile {

/// How much the parser checks.
enum class Checks { none, all };

/// Throws at the place in `line`, the instruction's text.
void check_instruction(const Instruction& instruction, const LogicalLine& line);

/// The instruction inside an ONBUILD: as check_instruction, and it must be one that may stand there.
void check_trigger(const Instruction& instruction, const LogicalLine& line);

/// Whether an ONBUILD may hold it: everything but ONBUILD, FROM and MAINTAINER.
bool may_be_trigger(Keyword keyword) noexcept;

}  // namespace jcb::dockerfile
