// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace jcb::util {

/// Runs `work(i)` for 0..count-1 on up to `workers` threads, the caller's among them, in order of their start. The first
/// exception begins no further work, sets `stop` for what is under way and looks at it, and is thrown here once all threads
/// have ended.
void run_in_parallel(std::size_t count, std::size_t workers, std::atomic<bool>& stop, const std::function<void(std::size_t)>& work);

}  // namespace jcb::util
