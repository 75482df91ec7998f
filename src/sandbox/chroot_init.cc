// SPDX-License-Identifier: Apache-2.0
// The first process of a job in tier chroot: it stays outside of the root, where /proc is, and does for the job what the
// kernel does for a pid namespace. As a subreaper it is the parent of whoever loses his own; so when waitpid(2) has no
// child to wait for, nobody is left. It is told to end by k_kill_all, also by the kernel when our parent dies. See launch.h
// for what may be called here.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>

#include "sandbox/kernel.h"
#include "sandbox/landlock.h"
#include "sandbox/launch.h"

namespace jcb::sandbox {
namespace {

constexpr int k_rounds = 3000;  // of 10 ms, without anybody dying: a process that the kernel cannot end
constexpr int k_max_depth = 4096;

// The number that a text begins with; 0 when it begins with something else.
pid_t parse_number(const char* text) noexcept {
  pid_t number = 0;
  for (; *text >= '0' && *text <= '9' && number < 100000000; ++text) number = number * 10 + (*text - '0');
  return number;
}

// "N/stat"
void write_stat_path(pid_t pid, std::array<char, 32>& path) noexcept {
  std::array<char, 12> digits{};
  std::size_t count = 0, at = 0;
  do digits[count++] = static_cast<char>('0' + pid % 10);
  while ((pid /= 10) > 0);
  while (count > 0) path[at++] = digits[--count];
  std::memcpy(&path[at], "/stat", 6);
}

// The parent of a process, 0 when it is gone. proc(5): "pid (name) state ppid ..."; the name may hold anything.
pid_t parent_of(int proc, pid_t pid) noexcept {
  std::array<char, 32> path{};
  write_stat_path(pid, path);
  const int file = ::openat(proc, path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  std::array<char, 512> text{};
  const ssize_t size = ::read(file, text.data(), text.size() - 1);
  ::close(file);
  const char* name_end = size > 0 ? std::strrchr(text.data(), ')') : nullptr;
  return name_end != nullptr && std::strlen(name_end) > 4 ? parse_number(name_end + 4) : 0;
}

bool is_descendant(int proc, pid_t pid, pid_t ancestor) noexcept {
  for (int depth = 0; pid > 1 && depth < k_max_depth; ++depth) {
    pid = parent_of(proc, pid);
    if (pid == ancestor) return true;
  }
  return false;
}

// The descriptor is taken before the look at who it is, so that a number used again cannot be hit.
void signal_if_descendant(int proc, pid_t pid, pid_t ancestor, int signal) noexcept {
  const int descriptor = kernel::open_pidfd(pid);
  if (is_descendant(proc, pid, ancestor)) descriptor >= 0 ? kernel::send_signal(descriptor, signal) : ::kill(pid, signal);
  if (descriptor >= 0) ::close(descriptor);
}

void signal_descendants(int proc, int signal) noexcept {
  alignas(std::uint64_t) std::array<char, 8192> buffer;
  const pid_t self = ::getpid();
  ::lseek(proc, 0, SEEK_SET);
  for (;;) {
    const long size = ::syscall(SYS_getdents64, proc, buffer.data(), buffer.size());
    if (size <= 0) return;
    for (long at = 0; at < size;) {
      // linux_dirent64: inode 8, offset 8, length 2, type 1, name.
      std::uint16_t length = 0;
      std::memcpy(&length, &buffer[static_cast<std::size_t>(at) + 16], sizeof length);
      const pid_t pid = parse_number(&buffer[static_cast<std::size_t>(at) + 19]);
      if (pid > 1 && pid != self) signal_if_descendant(proc, pid, self, signal);
      at += length;
    }
  }
}

void wait_a_moment() noexcept {
  const timespec pause{0, 10000000};
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  ::sigtimedwait(&child, nullptr, &pause);
}

// A process with a SIGKILL pending cannot fork, so each round leaves fewer of those that it saw; their children become ours.
void kill_everybody(int proc) noexcept {
  for (int idle = 0; idle < k_rounds; ++idle) {
    signal_descendants(proc, SIGKILL);
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, nullptr, WNOHANG)) > 0) idle = 0;
    if (pid < 0) return;
    wait_a_moment();
  }
}

// Ends with the command, or when it is told to.
[[noreturn]] void watch_over(pid_t command, int proc) noexcept {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGCHLD, SIGTERM, k_kill_all}) ::sigaddset(&signals, signal);
  for (;;) {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid != command) continue;
      kill_everybody(proc);
      report_status(status);
      ::_exit(0);
    }
    const int signal = ::sigwaitinfo(&signals, nullptr);
    if (signal == SIGTERM) signal_descendants(proc, SIGTERM);
    if (signal != k_kill_all) continue;
    kill_everybody(proc);
    ::_exit(127);
  }
}

void require(bool good, const char* operation, const char* thing) noexcept {
  if (!good) fail(operation, thing);
}

[[noreturn]] void enter_and_run(const LaunchPlan& plan) noexcept {
  // Filters and confinement take this; see chroot_job.h for what it costs.
  if (plan.uid == 0) require(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "set", "no_new_privs");
  if (plan.landlock >= 0) require(confine_by_landlock(plan.landlock) == 0, "confine", "the command");
  require(::fchdir(plan.root_fd) == 0 && ::chroot(".") == 0 && ::chdir("/") == 0, "enter", plan.root);
  arrange_descriptors(plan);
  enter_working_directory(plan);
  run_command(plan);
}

}  // namespace

void run_chroot_init(const LaunchPlan& plan) noexcept {
  begin_init(plan, k_kill_all);
  const int proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  require(proc >= 0, "open", "/proc");
  require(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, "become", "a subreaper");
  // Our memory is a copy of the parent's: nobody in there may look at it.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  // Not fork(3): its handlers may wait for a lock that a thread of the parent held.
  const long command = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (command == 0) enter_and_run(plan);
  require(command > 0, "start", "the command's process");
  watch_over(static_cast<pid_t>(command), proc);
}

}  // namespace jcb::sandbox
