// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sandbox/launch.h"
#include "sandbox/sandbox.h"
#include "sandbox/supervisor.h"
#include "util/fd.h"
#include "util/terminal_relay.h"

#include <signal.h>
#include <sys/types.h>

#include <optional>
#include <vector>

namespace jcb::sandbox {

/// A running job: pid 1 of its namespaces. Killed with everything in them, and reaped, when the object goes.
class RunningJob {
 public:
  /// Starts the job of `plan`, whose output and report are made here. Throws Error(system, unsupported).
  explicit RunningJob(LaunchPlan plan);
  /// The same, supervised: `identity` and what it does to owners are emulated.
  RunningJob(LaunchPlan plan, const Identity& identity, util::OwnerRecords& records);
  ~RunningJob();
  RunningJob(const RunningJob&) = delete;
  RunningJob& operator=(const RunningJob&) = delete;

  /// Passes output on until pid 1 has ended and the pipe is empty. On an interrupt the job gets SIGTERM, after two
  /// seconds or a second signal SIGKILL, and Interrupted is thrown.
  void wait(const OutputSink& output);
  /// The same for a job on a terminal, which `relay` is attached to; an interrupt is for the job to get as ^C.
  void wait(util::TerminalRelay& relay);
  /// What the child had to say, in order; after `wait`.
  std::vector<Report> read_reports();
  /// Ends the supervision, after `wait`. Throws what went wrong in it.
  void finish_supervision() {
    if (m_supervisor) m_supervisor->finish();
  }

 private:
  void start(LaunchPlan& plan);
  bool pass_output(const OutputSink& output);
  void stop(const OutputSink& output);
  void reap() noexcept;

  util::Pipe m_output;
  util::Pipe m_report;
  util::Fd m_pidfd;
  pid_t m_pid = -1;
  int m_kill_signal = SIGKILL;
  std::optional<Supervisor> m_supervisor;
};

}  // namespace jcb::sandbox
