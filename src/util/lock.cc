// SPDX-License-Identifier: Apache-2.0
#include "util/lock.h"

#include "jcbuild/error.h"
#include "util/interrupt.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>

#include <algorithm>
#include <chrono>

namespace jcb::util {
namespace {

Fd open_lock_file(const Root& directory, const std::string& name) { return directory.open_at(name, O_RDWR | O_CREAT | O_NOFOLLOW, 0600); }

// A signal ends flock(2) only in the thread that it was delivered to, and a waiting worker seldom is that one: so the
// wait is a poll on the interrupt pipe between tries, each longer than the one before.
constexpr std::chrono::milliseconds k_first_wait{2};
constexpr std::chrono::milliseconds k_longest_wait{100};

void wait_a_little(std::chrono::milliseconds time) {
  pollfd interrupt{interrupt_fd(), POLLIN, 0};  // a negative descriptor is passed over
  ::poll(&interrupt, 1, static_cast<int>(time.count()));
  check_interrupt();
}

}  // namespace

void lock_file(int fd, LockMode mode, std::string_view thing) {
  auto time = k_first_wait;
  while (!try_lock_file(fd, mode, thing)) {
    wait_a_little(time);
    time = std::min(time * 2, k_longest_wait);
  }
}

bool try_lock_file(int fd, LockMode mode, std::string_view thing) {
  while (::flock(fd, (mode == LockMode::shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throw_errno("lock", thing);
  }
  return true;
}

FileLock FileLock::acquire(const Root& directory, const std::string& name, LockMode mode) {
  Fd file = open_lock_file(directory, name);
  lock_file(file.get(), mode, name);
  return FileLock(std::move(file));
}

std::optional<FileLock> FileLock::try_acquire(const Root& directory, const std::string& name, LockMode mode) {
  Fd file = open_lock_file(directory, name);
  if (!try_lock_file(file.get(), mode, name)) return std::nullopt;
  return FileLock(std::move(file));
}

}  // namespace jcb::util
