// SPDX-License-Identifier: Apache-2.0
#include "runtime/supervisor.h"

#include "jcbuild/error.h"
#include "runtime/supervisor_main.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jcb::runtime {
namespace {

// A real-time signal that nobody else sends: the supervisor cannot be told by SIGKILL, which would end it before it has
// removed the container's state.
int kill_signal() { return SIGRTMIN + 1; }

std::vector<char*> make_argv(const std::filesystem::path& program, const std::vector<std::string>& arguments) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  return argv;
}

// Blocks every signal: none may reach the supervisor before it is ready to take it.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &m_previous);
  }
  ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &m_previous, nullptr); }  // leaves errno alone
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t m_previous{};
};

// clone(2) as fork(2) with new namespaces. Returns the pid, 0 in the child; the pidfd is close-on-exec.
pid_t clone_into_namespaces(int* pidfd) {
  constexpr unsigned long k_flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_PIDFD | SIGCHLD;
  return static_cast<pid_t>(::syscall(SYS_clone, k_flags, nullptr, pidfd, nullptr, nullptr));
}

pid_t launch(const SupervisorTask& task, int* pidfd) {
  const AllSignalsBlocked blocked;
  const pid_t pid = clone_into_namespaces(pidfd);
  if (pid == 0) run_supervisor(task);
  return pid;
}

[[noreturn]] void throw_clone_error(int error) {
  if (error != EPERM) throw_errno("start", "the container's supervisor", error);
  throw Error(ErrorKind::unsupported, "this process may not make a pid and a mount namespace",
              "run as root, or allow unprivileged user namespaces (jcbuild doctor tells how)", error);
}

const char* describe(SupervisorStep step) {
  switch (step) {
    case SupervisorStep::private_mounts:
      return "make the mounts private of";
    case SupervisorStep::mount_proc:
      return "mount /proc for";
    case SupervisorStep::session:
      return "make a session for";
    case SupervisorStep::start_runtime:
      return "execute";
    case SupervisorStep::read_pid:
      return "read the process id from";
    case SupervisorStep::none:
      break;
  }
  return "run";
}

void check_report(const SupervisorReport& report) {
  if (report.failed == SupervisorStep::none) return;
  if (report.failed == SupervisorStep::mount_proc && (report.error == EPERM || report.error == EACCES))
    throw Error(ErrorKind::unsupported, "the kernel refuses a new /proc here",
                "inside another container, start that one with: --security-opt systempaths=unconfined", report.error);
  throw_errno(describe(report.failed), "the container runtime", report.error);
}

}  // namespace

Supervisor Supervisor::start(const SupervisedProgram& program) {
  const util::Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) throw_errno("open", "/dev/null");
  const util::Fd parent(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (!parent) throw_errno("open", "a descriptor of this process");
  util::Pipe report = util::make_pipe();
  const auto start_argv = make_argv(program.program, program.start);
  const auto remove_argv = make_argv(program.program, program.remove);
  // Runtimes look up helpers in PATH; nothing else of our environment is their business.
  std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  const std::array<char*, 2> environment{path.data(), nullptr};
  const auto pick = [&](int fd) { return fd >= 0 ? fd : null.get(); };
  const SupervisorTask task{program.program.c_str(),
                            start_argv.data(),
                            remove_argv.data(),
                            environment.data(),
                            program.directory.c_str(),
                            program.pid_file.c_str(),
                            {pick(program.stdio.in), pick(program.stdio.out), pick(program.stdio.err)},
                            null.get(),
                            report.write_end.get(),
                            parent.get(),
                            kill_signal()};
  int pidfd = -1;
  const pid_t pid = launch(task, &pidfd);
  if (pid < 0) throw_clone_error(errno);
  return {pid, util::Fd(pidfd), std::move(report.read_end)};
}

Supervisor::Supervisor(Supervisor&& other) noexcept
    : m_pid(std::exchange(other.m_pid, -1)), m_pidfd(std::move(other.m_pidfd)), m_report(std::move(other.m_report)) {}

Supervisor::~Supervisor() {
  if (m_pid <= 0) return;
  ::kill(m_pid, SIGKILL);
  while (::waitpid(m_pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Supervisor::forward(int signal) noexcept {
  if (m_pid > 0) ::kill(m_pid, signal);
}

void Supervisor::kill_container() noexcept { forward(kill_signal()); }

RunOutcome Supervisor::wait() {
  SupervisorReport report;
  const std::size_t got = util::read_full(m_report.get(), reinterpret_cast<char*>(&report), sizeof report, "the supervisor's report");
  while (::waitpid(m_pid, nullptr, 0) < 0) {
    if (errno != EINTR) throw_errno("wait for", "the container's supervisor");
  }
  m_pid = -1;
  // Without a report somebody killed it, and with it the container.
  if (got != sizeof report) return {RunStage::container, {128 + SIGKILL, true}};
  check_report(report);
  return {report.started == 1 ? RunStage::container : RunStage::runtime, util::to_exit_status(report.wait_status)};
}

}  // namespace jcb::runtime
