// SPDX-License-Identifier: Apache-2.0
// The filter is tried on a child of the test, without namespaces: no_new_privs lets anybody install one. Calls that
// pass the filter meet the kernel with arguments that are harmless and wrong.
#include "sandbox/seccomp_filter.h"

#include <catch2/catch.hpp>

#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

using jcb::sandbox::step_filter;

namespace {

// The errno of a system call under the filter, 0 when it succeeds.
int under_filter(const std::function<long()>& call) {
  const auto& filter = step_filter();
  const pid_t pid = ::fork();
  if (pid == 0) {
    const sock_fprog program{static_cast<unsigned short>(filter.size()), const_cast<sock_filter*>(filter.data())};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) ::_exit(250);
    ::_exit(call() < 0 ? errno : 0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int personality_result(unsigned long value) {
  return under_filter([value] { return static_cast<long>(::syscall(SYS_personality, value)); });
}

}  // namespace

TEST_CASE("the kernel's administration is out of reach, whatever the arguments", "[kernel]") {
  CHECK(under_filter([] { return ::syscall(SYS_mount, 0, 0, 0, 0, 0); }) == EPERM);
  CHECK(under_filter([] { return ::syscall(SYS_umount2, 0, 0); }) == EPERM);
  CHECK(under_filter([] { return ::syscall(SYS_pivot_root, 0, 0); }) == EPERM);
  CHECK(under_filter([] { return ::syscall(SYS_bpf, 0, 0, 0); }) == EPERM);
  CHECK(under_filter([] { return ::syscall(SYS_keyctl, -1, 0, 0, 0, 0); }) == EPERM);
  CHECK(under_filter([] { return ::syscall(SYS_perf_event_open, 0, 0, 0, 0, 0); }) == EPERM);
  CHECK(under_filter([] { return ::syscall(SYS_setns, -1, 0); }) == EPERM);
  CHECK(under_filter([] { return ::syscall(SYS_open_by_handle_at, -1, 0, 0); }) == EPERM);
  CHECK(under_filter([] { return ::syscall(SYS_userfaultfd, 0); }) == EPERM);
}

TEST_CASE("no new namespace can be made, by none of the three calls", "[kernel]") {
  for (const unsigned long flag : {0x20000UL, 0x2000000UL, 0x4000000UL, 0x8000000UL, 0x10000000UL, 0x20000000UL, 0x40000000UL}) {
    CHECK(under_filter([flag] { return ::syscall(SYS_unshare, flag | 0x200); }) == EPERM);
    CHECK(under_filter([flag] { return ::syscall(SYS_clone, flag | 17, 0, 0, 0, 0); }) == EPERM);
  }
  CHECK(under_filter([] { return ::syscall(SYS_clone3, 0, 0); }) == ENOSYS);
  CHECK(under_filter([] { return ::syscall(SYS_unshare, 0x200); }) == 0);  // CLONE_FS
}

TEST_CASE("processes can still be made", "[kernel]") {
  CHECK(under_filter([] {
          const pid_t pid = ::fork();
          if (pid == 0) ::_exit(7);
          int status = 0;
          return ::waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7 ? 0L : -1L;
        }) == 0);
}

TEST_CASE("exactly the harmless personalities pass", "[kernel]") {
  for (const unsigned long value : {0UL, 8UL, 0x20000UL, 0x20008UL, 0xffffffffUL}) CHECK(personality_result(value) == 0);
  for (const unsigned long value : {0x0040000UL, 0x0400000UL, 0x0040008UL, 1UL, 0x80000000UL, 0xfffffffeUL, 0x7fffffffUL, 0xffffffdfUL})
    CHECK(personality_result(value) == EPERM);
}

TEST_CASE("vsock and typing into a terminal are denied, other sockets and ioctls pass", "[kernel]") {
  CHECK(under_filter([] { return static_cast<long>(::socket(40, SOCK_STREAM, 0)); }) == EAFNOSUPPORT);
  CHECK(under_filter([] { return static_cast<long>(::socket(AF_UNIX, SOCK_STREAM, 0)); }) == 0);
  CHECK(under_filter([] { return static_cast<long>(::ioctl(-1, TIOCSTI, 0)); }) == EPERM);
  // CVE-2023-1523: the kernel looks only at the lower half of the request.
  CHECK(under_filter([] { return ::syscall(SYS_ioctl, -1, 0x100000000L | TIOCSTI, 0); }) == EPERM);
  CHECK(under_filter([] { return static_cast<long>(::ioctl(-1, TIOCGWINSZ, 0)); }) == EBADF);
}
