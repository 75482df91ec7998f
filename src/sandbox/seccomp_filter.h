// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/filter.h>

#include <vector>

namespace jcb::sandbox {

/// The system call filter of build steps as BPF, made once per process. Throws Error(unsupported).
const std::vector<sock_filter>& step_filter();

}  // namespace jcb::sandbox
