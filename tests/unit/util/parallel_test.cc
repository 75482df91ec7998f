// SPDX-License-Identifier: Apache-2.0
#include "util/parallel.h"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

using jcb::util::run_in_parallel;

TEST_CASE("each piece of work is done once, whatever the number of workers") {
  for (const std::size_t workers : {0, 1, 3, 200}) {
    std::vector<std::atomic<int>> done(100);
    std::atomic<bool> stop{false};
    run_in_parallel(done.size(), workers, stop, [&](std::size_t i) { ++done[i]; });
    for (const auto& count : done) CHECK(count == 1);
    CHECK_FALSE(stop);
  }
}

TEST_CASE("work is done at the same time") {
  std::atomic<int> waiting{0};
  std::atomic<bool> stop{false};
  run_in_parallel(4, 4, stop, [&](std::size_t) {
    ++waiting;
    while (waiting < 4) std::this_thread::yield();
  });
  CHECK(waiting == 4);
}

TEST_CASE("the first exception stops what is under way and keeps the rest from beginning") {
  std::atomic<int> begun{0};
  std::atomic<bool> stop{false};
  const auto work = [&](std::size_t i) {
    ++begun;
    if (i == 1) throw std::runtime_error("the cause");
    while (!stop) std::this_thread::yield();
    throw std::logic_error("stopped");
  };
  CHECK_THROWS_WITH(run_in_parallel(1000, 2, stop, work), "the cause");
  CHECK(begun == 2);
}
