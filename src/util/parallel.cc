// SPDX-License-Identifier: Apache-2.0
#include "util/parallel.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace jcb::util {
namespace {

// What the threads share.
struct Work {
  std::size_t count;
  const std::function<void(std::size_t)>& work;
  std::atomic<bool>& stop;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;

  void run() {
    for (std::size_t i = next++; i < count && !stop; i = next++) {
      try {
        work(i);
      } catch (...) {
        fail();
      }
    }
  }
  void fail() {
    const std::lock_guard guard(mutex);
    if (!failure) failure = std::current_exception();
    stop = true;
  }
};

}  // namespace

void run_in_parallel(std::size_t count, std::size_t workers, std::atomic<bool>& stop, const std::function<void(std::size_t)>& work) {
  Work shared{count, work, stop};
  std::vector<std::thread> threads;
  try {
    for (std::size_t i = 1; i < std::min(count, workers); ++i) threads.emplace_back([&shared] { shared.run(); });
  } catch (const std::system_error&) {
    // Fewer threads do as well.
  }
  shared.run();
  for (std::thread& thread : threads) thread.join();
  if (shared.failure) std::rethrow_exception(shared.failure);
}

}  // namespace jcb::util
