// SPDX-License-Identifier: Apache-2.0
#include "util/lock.h"

#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "jcbuild/error.h"
#include "util/file.h"
#include "util/interrupt.h"

using namespace jcb;
using util::FileLock;

TEST_CASE("a lock excludes other threads of the same process") {
  const util::TempDir top("/tmp");
  std::atomic<int> inside{0}, most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto lock = FileLock::acquire(top.root(), "lock");
      most = std::max(most.load(), ++inside);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      --inside;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(most == 1);
  const auto held = FileLock::acquire(top.root(), "lock", util::LockMode::shared);
  CHECK(FileLock::try_acquire(top.root(), "lock", util::LockMode::shared));
  CHECK_FALSE(FileLock::try_acquire(top.root(), "lock"));
}

TEST_CASE("a thread that waits for a lock sees an interrupt that another thread received") {
  const util::TempDir top("/tmp");
  const auto held = FileLock::acquire(top.root(), "lock");
  const pid_t pid = ::fork();  // handlers are for good
  if (pid == 0) {
    util::install_interrupt_handlers();
    std::atomic<bool> interrupted{false};
    std::thread waiter([&] {
      sigset_t all;
      ::sigfillset(&all);
      ::pthread_sigmask(SIG_SETMASK, &all, nullptr);  // the signal goes to the other one
      try {
        const auto lock = FileLock::acquire(top.root(), "lock");
      } catch (const Interrupted&) {
        interrupted = true;
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    ::kill(::getpid(), SIGTERM);
    waiter.join();
    ::_exit(interrupted ? 0 : 1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  CHECK(status == 0);
}
