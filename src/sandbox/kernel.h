// SPDX-License-Identifier: Apache-2.0
// System calls that the C library of an older target (Ubuntu 20.04 and 22.04 under JetPack 5 and 6) has no wrapper for,
// with the constants spelled out for the same reason. All are safe between clone and exec: no lock, no allocation.
#pragma once

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <ctime>

namespace jcb::sandbox::kernel {

// MOUNT_ATTR_*, MS_* and ST_* agree on these four bits.
constexpr std::uint64_t k_read_only = 1;
constexpr std::uint64_t k_no_suid = 2;
constexpr std::uint64_t k_no_devices = 4;
constexpr std::uint64_t k_no_exec = 8;

constexpr unsigned k_at_empty_path = 0x1000;
constexpr unsigned k_at_recursive = 0x8000;

/// The argument of mount_setattr(2).
struct MountAttributes {
  std::uint64_t set = 0;
  std::uint64_t clear = 0;
  std::uint64_t propagation = 0;
  std::uint64_t user_namespace = 0;
};

/// "/proc/self/fd/N" without allocation: how a descriptor is named to mount(2).
class FdPath {
 public:
  explicit FdPath(int fd) noexcept {
    std::array<char, 12> digits{};
    std::size_t count = 0;
    do digits[count++] = static_cast<char>('0' + fd % 10);
    while ((fd /= 10) > 0);
    std::size_t at = 14;
    while (count > 0) m_text[at++] = digits[--count];
    m_text[at] = '\0';
  }
  const char* c_str() const noexcept { return m_text.data(); }

 private:
  std::array<char, 32> m_text{"/proc/self/fd/"};
};

/// open_tree(2), OPEN_TREE_CLONE: a detached copy of the mounts at `path` (Linux 5.2).
inline int clone_tree(const char* path) noexcept {
  return static_cast<int>(::syscall(SYS_open_tree, AT_FDCWD, path, 1U | unsigned{O_CLOEXEC} | k_at_recursive));
}

/// move_mount(2) from one descriptor to another.
inline int attach_tree(int tree_fd, int target_fd) noexcept {
  return static_cast<int>(::syscall(SYS_move_mount, tree_fd, "", target_fd, "", 0x4U | 0x40U));
}

/// mount_setattr(2) on a descriptor (Linux 5.12).
inline int set_attributes(int fd, unsigned flags, MountAttributes attributes) noexcept {
#ifdef SYS_mount_setattr
  constexpr long number = SYS_mount_setattr;
#else
  constexpr long number = 442;
#endif
  return static_cast<int>(::syscall(number, fd, "", flags | k_at_empty_path, &attributes, sizeof attributes));
}

/// close_range(2) to the end (Linux 5.9).
inline int close_from(unsigned first) noexcept {
#ifdef SYS_close_range
  constexpr long number = SYS_close_range;
#else
  constexpr long number = 436;
#endif
  return static_cast<int>(::syscall(number, first, ~0U, 0U));
}

/// pivot_root(2).
inline int pivot_root(const char* new_root, const char* put_old) noexcept {
  return static_cast<int>(::syscall(SYS_pivot_root, new_root, put_old));
}

/// pidfd_open(2).
inline int open_pidfd(pid_t pid) noexcept { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

/// pidfd_send_signal(2).
inline int send_signal(int pidfd, int signal) noexcept {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

/// Adds k_* restrictions to the mount behind `fd` (and those below it, where the kernel can), keeping those it has: in a
/// user namespace inherited flags are locked, and a remount that would drop one is refused. 0, or -1 and errno.
int restrict_mount(int fd, std::uint64_t restrictions, bool recursive) noexcept;

}  // namespace jcb::sandbox::kernel
