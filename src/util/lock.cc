// SPDX-License-Identifier: Apache-2.0
#include "util/lock.h"

#include "jcbuild/error.h"
#include "util/interrupt.h"

#include <fcntl.h>
#include <sys/file.h>

namespace jcb::util {
namespace {

Fd open_lock_file(const Root& directory, const std::string& name) { return directory.open_at(name, O_RDWR | O_CREAT | O_NOFOLLOW, 0600); }

int operation(LockMode mode) { return mode == LockMode::shared ? LOCK_SH : LOCK_EX; }

}  // namespace

FileLock FileLock::acquire(const Root& directory, const std::string& name, LockMode mode) {
  Fd file = open_lock_file(directory, name);
  while (::flock(file.get(), operation(mode)) != 0) {
    if (errno != EINTR) throw_errno("lock", name);
    check_interrupt();
  }
  return FileLock(std::move(file));
}

std::optional<FileLock> FileLock::try_acquire(const Root& directory, const std::string& name, LockMode mode) {
  Fd file = open_lock_file(directory, name);
  while (::flock(file.get(), operation(mode) | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    if (errno != EINTR) throw_errno("lock", name);
  }
  return FileLock(std::move(file));
}

}  // namespace jcb::util
