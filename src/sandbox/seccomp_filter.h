// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/filter.h>

#include <vector>

namespace jcb::sandbox {

/// The system call filter of build steps as BPF, made once per process. Throws Error(unsupported).
const std::vector<sock_filter>& step_filter();

/// The same for a job whose supervisor answers the calls of trapped_calls.h (SECCOMP_RET_USER_NOTIF). Needs
/// SECCOMP_FILTER_FLAG_NEW_LISTENER.
const std::vector<sock_filter>& supervised_step_filter();
/// The traps alone, for privileged jobs.
const std::vector<sock_filter>& supervised_helper_filter();

}  // namespace jcb::sandbox
