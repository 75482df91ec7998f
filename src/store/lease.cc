// SPDX-License-Identifier: Apache-2.0
#include "store/lease.h"

#include <fcntl.h>
#include <unistd.h>

#include "jcbuild/error.h"
#include "util/lock.h"

namespace jcb::store {
namespace {

enum class Wait { no, yes };

bool lock(int fd, Wait wait, const std::string& key) {
  if (wait == Wait::no) return util::try_lock_file(fd, util::LockMode::exclusive, key);
  util::lock_file(fd, util::LockMode::exclusive, key);
  return true;
}

bool is_current(const util::Root& locks, const std::string& key, int fd) {
  struct stat held {};
  if (::fstat(fd, &held) != 0) throw_errno("stat the lock of", key);
  const auto named = locks.find_stat(key);
  return named && named->st_ino == held.st_ino && named->st_dev == held.st_dev;
}

// The locked file behind `key`, or nothing when it is taken.
std::optional<util::Fd> take(const util::Root& locks, const std::string& key, Wait wait) {
  for (;;) {
    util::Fd file = locks.open_at(key, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (!lock(file.get(), wait, key)) return std::nullopt;
    if (is_current(locks, key, file.get())) return file;
  }
}

}  // namespace

Lease Lease::acquire(const util::Root& locks, const std::string& key) {
  auto file = take(locks, key, Wait::yes);
  return {locks.open_at(".", O_PATH | O_DIRECTORY), std::move(*file), key};
}

std::optional<Lease> Lease::try_acquire(const util::Root& locks, const std::string& key) {
  auto file = take(locks, key, Wait::no);
  if (!file) return std::nullopt;
  return Lease(locks.open_at(".", O_PATH | O_DIRECTORY), std::move(*file), key);
}

Lease::~Lease() {
  if (m_file) ::unlinkat(m_directory.get(), m_key.c_str(), 0);
}

}  // namespace jcb::store
