// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

namespace jcb::store {

/// Runs `work(i)` for 0..count-1 on at most `workers` threads, this one among them. After the first error nothing more is
/// begun, `on_error` (may be empty) is called once, from any thread, and the error is thrown here when all have ended.
void run_in_parallel(std::size_t count, std::size_t workers, const std::function<void(std::size_t)>& work,
                     const std::function<void()>& on_error = {});

}  // namespace jcb::store
