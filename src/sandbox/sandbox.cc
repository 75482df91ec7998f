// SPDX-License-Identifier: Apache-2.0
#include "sandbox/sandbox.h"

#include "jcbuild/error.h"
#include "sandbox/chroot_job.h"
#include "sandbox/isolation.h"
#include "sandbox/prepare.h"
#include "sandbox/seccomp_filter.h"
#include "sandbox/supervise.h"
#include "util/terminal_relay.h"
#include "util/text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <cstring>

namespace jcb::sandbox {
namespace {

struct Terminal {
  util::Fd master, slave;
};

// TIOCGPTPEER opens the other end by descriptor: no path in /dev/pts is trusted (CVE-2025-52565).
Terminal open_terminal() {
  Terminal terminal{util::Fd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)), {}};
  if (!terminal.master || ::unlockpt(terminal.master.get()) != 0) throw_errno("make", "a terminal");
  terminal.slave = util::Fd(::ioctl(terminal.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.slave) throw_errno("open", "a terminal");
  return terminal;
}

// The shell's convention: 127 not found, 126 found but no program.
util::ExitStatus explain_execute(const Report& report, const OutputSink& output) {
  const bool missing = report.error == ENOENT || report.error == ENOTDIR;
  const std::string cause = missing ? "not found" : "cannot execute: " + std::string(strerrordesc_np(report.error));
  output("jcbuild: " + util::escape_text(report.thing) + ": " + cause + "\n");
  return {missing ? 127 : 126, false};
}

util::ExitStatus judge(const std::vector<Report>& reports, const OutputSink& output) {
  for (const auto& report : reports) {
    if (report.operation == nullptr) return util::to_exit_status(report.wait_status);
    if (report.operation == k_execute) return explain_execute(report, output);
    throw_errno(std::string(report.operation) + " (sandbox)", report.thing, report.error);
  }
  throw Error(ErrorKind::system, "the sandbox was killed from outside", "look for the out-of-memory killer in dmesg");
}

// A job made ready in the way of our tier.
class ReadyJob {
 public:
  explicit ReadyJob(const Job& job) {
    if (!is_isolated()) throw Error(ErrorKind::unsupported, "a sandbox needs enter_isolation first");
    if (can_mount())
      m_mounted.emplace(job);
    else
      m_chroot.emplace(job);
  }
  LaunchPlan plan() const { return m_mounted ? m_mounted->plan() : m_chroot->plan(); }
  void finish() {
    if (m_chroot) m_chroot->finish();
  }

 private:
  std::optional<PreparedJob> m_mounted;
  std::optional<ChrootJob> m_chroot;
};
// Runs it to its end by `wait`, supervised where a user has a single id.
std::vector<Report> run_plan(LaunchPlan plan, const Job& job, const std::function<void(RunningJob&)>& wait) {
  std::optional<util::OwnerRecords> own_records;  // where they interest nobody
  std::optional<RunningJob> running;
  if (enter_isolation().tier == Tier::single_uid) {
    plan.filter = plan.filter.empty() ? supervised_helper_filter() : supervised_step_filter();
    if (job.owners == nullptr) own_records.emplace(util::Root::open(job.root));
    running.emplace(std::move(plan), job.identity, job.owners != nullptr ? *job.owners : *own_records);
  } else {
    running.emplace(std::move(plan));
  }
  wait(*running);
  running->finish_supervision();
  return running->read_reports();
}

}  // namespace

util::ExitStatus run_job(const Job& job, const OutputSink& output) {
  ReadyJob ready(job);
  const auto reports = run_plan(ready.plan(), job, [&](RunningJob& running) { running.wait(output); });
  ready.finish();
  return judge(reports, output);
}

util::ExitStatus run_interactive_job(const Job& job, int input, int output) {
  const Terminal terminal = open_terminal();
  ReadyJob prepared(job);
  LaunchPlan plan = prepared.plan();
  plan.terminal = terminal.slave.get();
  util::TerminalRelay relay(input, output);
  relay.attach(terminal.master.duplicate());
  const util::RawMode raw_mode(input);
  const auto reports = run_plan(plan, job, [&](RunningJob& running) { running.wait(relay); });
  prepared.finish();
  return judge(reports, [&](std::string_view bytes) { util::write_all(output, bytes, "the terminal"); });
}

}  // namespace jcb::sandbox
