// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cdi/spec.h"
#include "util/node.h"

namespace jcb::cdi {

/// Reads a `containerEdits`. Throws Error(invalid) with the place of the first field that breaks a rule.
ContainerEdits read_edits(const util::Node& node);

}  // namespace jcb::cdi
