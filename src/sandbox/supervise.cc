// SPDX-License-Identifier: Apache-2.0
#include "sandbox/supervise.h"

#include "jcbuild/error.h"
#include "sandbox/kernel.h"
#include "util/interrupt.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

namespace jcb::sandbox {
namespace {

constexpr std::chrono::milliseconds k_grace{2000};

// clone(2) with a pidfd; 0 in the child. The third argument is where the pidfd goes on every architecture we build for.
long clone_process(int flags, int& pidfd) noexcept {
  return ::syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, nullptr, &pidfd, nullptr, nullptr);
}

// No handler of ours may run in the child before it has reset them: it would write to our pipes.
class BlockedSignals {
 public:
  BlockedSignals() noexcept {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &m_before);
  }
  ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &m_before, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t m_before;
};

void set_nonblocking(int fd) {
  if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) throw_errno("set up", "the output pipe");
}

}  // namespace

RunningJob::RunningJob(LaunchPlan plan) : m_output(util::make_pipe()), m_report(util::make_pipe()) { start(plan); }

RunningJob::RunningJob(LaunchPlan plan, const Identity& identity, util::OwnerRecords& records)
    : m_output(util::make_pipe()), m_report(util::make_pipe()) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw_errno("make", "a socket pair");
  const util::Fd theirs(ends[1]);
  m_supervisor.emplace(util::Fd(ends[0]), identity, records);
  plan.supervisor = theirs.get();
  start(plan);
}

void RunningJob::start(LaunchPlan& plan) {
  const bool in_chroot = plan.root_fd >= 0;
  if (in_chroot) m_kill_signal = k_kill_all;
  plan.output = m_output.write_end.get();
  plan.report = m_report.write_end.get();
  set_nonblocking(m_output.read_end.get());
  const int flags = in_chroot ? 0 : CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | (plan.new_network ? CLONE_NEWNET : 0);
  const BlockedSignals blocked;
  int pidfd = -1;
  long pid = clone_process(flags | (in_chroot ? 0 : CLONE_NEWCGROUP), pidfd);
  if (pid < 0 && errno == EINVAL) pid = clone_process(flags, pidfd);  // a kernel without cgroup namespaces
  if (pid == 0) in_chroot ? run_chroot_init(plan) : run_init(plan);
  if (pid < 0) throw_errno("start", "a sandbox");
  m_pid = static_cast<pid_t>(pid);
  m_pidfd = util::Fd(pidfd);
  m_output.write_end.reset();
  m_report.write_end.reset();
}

RunningJob::~RunningJob() {
  if (m_pid <= 0) return;
  kernel::send_signal(m_pidfd.get(), m_kill_signal);
  reap();
}

void RunningJob::reap() noexcept {
  while (::waitpid(m_pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  m_pid = -1;
}

// Passes on what is there; false at the end of the stream.
bool RunningJob::pass_output(const OutputSink& output) {
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t got = ::read(m_output.read_end.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return true;
    if (got < 0) throw_errno("read", "the output of the command");
    if (got == 0) return false;
    output({buffer.data(), static_cast<std::size_t>(got)});
  }
}

void RunningJob::wait(const OutputSink& output) {
  std::array<pollfd, 3> polls{{{m_output.read_end.get(), POLLIN, 0}, {m_pidfd.get(), POLLIN, 0}, {util::interrupt_fd(), POLLIN, 0}}};
  while (polls[1].revents == 0) {
    if (::poll(polls.data(), polls.size(), -1) < 0 && errno != EINTR) throw_errno("wait for", "a sandbox");
    if (polls[2].revents != 0) stop(output);
    if (polls[0].revents != 0 && !pass_output(output)) polls[0].fd = -1;
  }
  reap();
  // All writers are dead, unless one passed its end to a process outside: then what is there now is all we take.
  pass_output(output);
}

void RunningJob::wait(util::TerminalRelay& relay) {
  pollfd ended{m_pidfd.get(), POLLIN, 0};
  while (ended.revents == 0) {
    std::array<pollfd, 3> polls{{ended, {relay.master_fd(), relay.master_events(), 0}, {relay.input_fd(), POLLIN, 0}}};
    if (::poll(polls.data(), polls.size(), -1) < 0 && errno != EINTR) throw_errno("wait for", "a sandbox");
    ended.revents = polls[0].revents;
    if (polls[1].revents != 0) relay.on_master(polls[1].revents);
    if (polls[2].revents != 0) relay.on_input();
    relay.resize();
  }
  reap();
  relay.drain();
}

void RunningJob::stop(const OutputSink& output) {
  kernel::send_signal(m_pidfd.get(), SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + k_grace;
  std::array<pollfd, 2> polls{{{m_pidfd.get(), POLLIN, 0}, {m_output.read_end.get(), POLLIN, 0}}};
  while (polls[0].revents == 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    // An interrupted poll is the second signal: the user will not wait.
    if (left.count() <= 0 || ::poll(polls.data(), polls.size(), static_cast<int>(left.count())) < 0) break;
    if (polls[1].revents != 0 && !pass_output(output)) polls[1].fd = -1;
  }
  kernel::send_signal(m_pidfd.get(), m_kill_signal);
  reap();
  pass_output(output);
  util::check_interrupt();
}

std::vector<Report> RunningJob::read_reports() {
  std::vector<Report> reports;
  for (Report report;
       util::read_full(m_report.read_end.get(), reinterpret_cast<char*>(&report), sizeof report, "a sandbox") == sizeof report;)
    reports.push_back(report);
  return reports;
}

}  // namespace jcb::sandbox
