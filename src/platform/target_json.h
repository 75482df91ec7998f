// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "util/json_fwd.h"

namespace jcb::platform {

struct Target;

/// The target as the command line prints it: arch, cuda_arch, l4t, jetpack, cuda, python, distribution {id, version,
/// codename}, cuda_architectures, board; null for nothing.
util::Json to_json(const Target& target);

}  // namespace jcb::platform
