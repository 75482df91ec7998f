// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "util/fd.h"

namespace jcb::sandbox {

/// A Landlock ruleset (landlock(7)) that leaves a process nothing but what lies below the directory `root_fd`, and, since
/// Linux 6.12, lets it signal only its like. Nothing where the kernel has none, or one that could not move files between
/// directories (before 5.19).
util::Fd make_landlock(int root_fd);

/// Confines this process and all its children for good. Needs no_new_privs or CAP_SYS_ADMIN. 0, or -1 and errno.
int confine_by_landlock(int ruleset) noexcept;

}  // namespace jcb::sandbox
