// SPDX-License-Identifier: Apache-2.0
#include "runtime/supervisor_main.h"

#include "runtime/signals.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

namespace jcb::runtime {
namespace {

[[noreturn]] void finish(const SupervisorTask& task, const SupervisorReport& report) noexcept {
  [[maybe_unused]] const ssize_t written = ::write(task.report_fd, &report, sizeof report);
  ::_exit(0);
}

[[noreturn]] void fail(const SupervisorTask& task, SupervisorStep step) noexcept {
  SupervisorReport report;
  report.failed = step;
  report.error = errno;
  finish(task, report);
}

// The death of our parent asks for the container's end like anybody else: with SIGKILL there would be nobody to remove
// what the runtime keeps, such as control groups. A parent that died before prctl sent no signal.
void bind_to_parent(const SupervisorTask& task) noexcept {
  ::prctl(PR_SET_PDEATHSIG, task.kill_signal);
  pollfd parent{task.parent_pidfd, POLLIN, 0};
  if (::poll(&parent, 1, 0) > 0) ::_exit(1);
}

void enter_namespaces(const SupervisorTask& task) noexcept {
  if (::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) fail(task, SupervisorStep::private_mounts);
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) fail(task, SupervisorStep::mount_proc);
  // Outside of the terminal's foreground group: what the terminal sends reaches us and is forwarded, once.
  if (::setsid() < 0) fail(task, SupervisorStep::session);
}

void take_stdio(const SupervisorTask& task, const std::array<int, 3>& stdio) noexcept {
  std::array<int, 3> sources = stdio;
  // Out of 0-2 first, so that no dup2 below overwrites one that is still needed.
  for (int& fd : sources) {
    if (fd < 3) fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0) fail(task, SupervisorStep::start_runtime);
  }
  for (int target = 0; target < 3; ++target) {
    if (::dup2(sources[static_cast<std::size_t>(target)], target) < 0) fail(task, SupervisorStep::start_runtime);
  }
}

[[noreturn]] void execute(const SupervisorTask& task, char* const* argv, const std::array<int, 3>& stdio) noexcept {
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::umask(022);
  take_stdio(task, stdio);
  if (::chdir(task.directory) != 0) fail(task, SupervisorStep::start_runtime);
  // Nothing of ours leaks into a container, whatever the runtime forgets (CVE-2024-21626). Older kernels lack the call
  // and keep the flag that every descriptor of ours has had since it was opened.
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  ::execve(task.program, argv, task.envp);
  fail(task, SupervisorStep::start_runtime);
}

pid_t start_program(const SupervisorTask& task, char* const* argv, const std::array<int, 3>& stdio) noexcept {
  // Not fork(3), which takes the C library's locks; the argument order differs between machines only in zeros.
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone, static_cast<unsigned long>(SIGCHLD), nullptr, nullptr, nullptr, nullptr));
  if (pid == 0) execute(task, argv, stdio);
  if (pid < 0) fail(task, SupervisorStep::start_runtime);
  return pid;
}

int wait_for_signal(const SupervisorTask& task) noexcept {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : k_forwarded_signals) ::sigaddset(&set, number);
  ::sigaddset(&set, SIGCHLD);
  ::sigaddset(&set, task.kill_signal);
  return ::sigwaitinfo(&set, nullptr);
}

// Waits for the runtime, keeping the signals that arrive meanwhile in `early` for the container. Other children are not
// touched: the container may have ended already, and its status would be lost before its pid is known.
int wait_for_runtime(const SupervisorTask& task, pid_t runtime, sigset_t* early) noexcept {
  for (;;) {
    int status = 0;
    if (::waitpid(runtime, &status, WNOHANG) == runtime) return status;
    const int number = wait_for_signal(task);
    if (number == task.kill_signal) ::kill(runtime, SIGKILL);
    if (number > 0 && number != SIGCHLD) ::sigaddset(early, number);
  }
}

pid_t read_pid(const char* path) noexcept {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return -1;
  char text[16];
  const ssize_t size = ::read(fd, text, sizeof text);
  ::close(fd);
  pid_t pid = 0;
  for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i) pid = pid * 10 + (text[i] - '0');
  errno = EINVAL;
  return pid > 1 ? pid : -1;
}

void pass_on(const SupervisorTask& task, pid_t container, int number) noexcept {
  if (number == SIGCHLD || number < 0) return;
  ::kill(container, number == task.kill_signal ? SIGKILL : number);
}

int wait_for_container(const SupervisorTask& task, pid_t container, const sigset_t& early) noexcept {
  for (int number = 1; number <= SIGRTMAX; ++number) {
    if (::sigismember(&early, number) == 1) pass_on(task, container, number);
  }
  for (;;) {
    int status = 0;
    for (pid_t ended = ::waitpid(-1, &status, WNOHANG); ended > 0; ended = ::waitpid(-1, &status, WNOHANG)) {
      if (ended == container) return status;
    }
    pass_on(task, container, wait_for_signal(task));
  }
}

void remove_state(const SupervisorTask& task) noexcept {
  const pid_t pid = start_program(task, task.remove_argv, {task.null_fd, task.null_fd, task.null_fd});
  sigset_t ignored;
  ::sigemptyset(&ignored);
  wait_for_runtime(task, pid, &ignored);
}

}  // namespace

void run_supervisor(const SupervisorTask& task) noexcept {
  bind_to_parent(task);
  ::signal(SIGCHLD, SIG_DFL);
  enter_namespaces(task);
  sigset_t early;
  ::sigemptyset(&early);
  SupervisorReport report;
  report.wait_status = wait_for_runtime(task, start_program(task, task.start_argv, task.stdio), &early);
  if (WIFEXITED(report.wait_status) && WEXITSTATUS(report.wait_status) == 0) {
    const pid_t container = read_pid(task.pid_file);
    if (container < 0) fail(task, SupervisorStep::read_pid);
    report.started = 1;
    report.wait_status = wait_for_container(task, container, early);
  }
  // Also after a failed start: a runtime that was killed left its state, one that failed has nothing more to remove.
  if (report.started == 1 || WIFSIGNALED(report.wait_status)) remove_state(task);
  finish(task, report);
}

}  // namespace jcb::runtime
