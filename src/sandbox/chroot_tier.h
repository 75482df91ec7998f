// SPDX-License-Identifier: Apache-2.0
// Whether tier chroot can work here. Private to sandbox.
#pragma once

#include <vector>

#include "sandbox/isolation.h"

namespace jcb::sandbox {

/// What the tier lacks, one line for each piece, with its fix. Empty: ready.
std::vector<Missing> find_missing_for_chroot();
/// Enters it, which changes little: there is nothing to enter. Throws Error(unsupported).
Isolation enter_chroot_tier();

}  // namespace jcb::sandbox
