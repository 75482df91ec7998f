// SPDX-License-Identifier: Apache-2.0
#include "sandbox/kernel.h"

#include <sys/statfs.h>

#include <cerrno>

namespace jcb::sandbox::kernel {
namespace {

// Of statfs f_flags only relatime has another value in mount(2).
unsigned long to_mount_flags(unsigned long statfs_flags) noexcept {
  constexpr unsigned long k_same = 1 | 2 | 4 | 8 | 1024 | 2048;
  constexpr unsigned long k_statfs_relatime = 4096;
  return (statfs_flags & k_same) | ((statfs_flags & k_statfs_relatime) != 0 ? MS_RELATIME : 0);
}

}  // namespace

int restrict_mount(int fd, std::uint64_t restrictions, bool recursive) noexcept {
  if (set_attributes(fd, recursive ? k_at_recursive : 0, {.set = restrictions}) == 0) return 0;
  // ENOSYS before 5.12; a container's seccomp profile may say EPERM to what it does not know.
  if (errno != ENOSYS && errno != EPERM) return -1;
  struct statfs status {};
  if (::fstatfs(fd, &status) != 0) return -1;
  const unsigned long flags = to_mount_flags(static_cast<unsigned long>(status.f_flags)) | restrictions;
  return ::mount(nullptr, FdPath(fd).c_str(), nullptr, MS_REMOUNT | MS_BIND | flags, nullptr);
}

}  // namespace jcb::sandbox::kernel
