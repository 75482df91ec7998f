// SPDX-License-Identifier: Apache-2.0
#include "store/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace jcb::store {

void run_in_parallel(std::size_t count, std::size_t workers, const std::function<void(std::size_t)>& work,
                     const std::function<void()>& on_error) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto fail = [&] {
    const std::lock_guard guard(mutex);
    next = count;
    if (failure) return;
    failure = std::current_exception();
    if (on_error) on_error();
  };
  const auto loop = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        fail();
      }
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min(count, workers); ++i) threads.emplace_back(loop);
  loop();
  for (auto& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace jcb::store
