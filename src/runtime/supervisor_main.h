// SPDX-License-Identifier: Apache-2.0
// The supervisor's own code: it runs in a copy of our process made by clone(2), where other threads may have held locks.
// No allocation, no exception, system calls only.
#pragma once

#include <array>

namespace jcb::runtime {

/// What the supervisor was doing when it failed.
enum class SupervisorStep : int { none, private_mounts, mount_proc, session, start_runtime, read_pid };

/// What the supervisor tells us, once, before it ends.
struct SupervisorReport {
  SupervisorStep failed = SupervisorStep::none;
  int error = 0;        ///< errno of the failed step
  int started = 0;      ///< 1: the container was started
  int wait_status = 0;  ///< of the container if started, else of the runtime
};

/// Everything it needs, prepared by us; borrowed.
struct SupervisorTask {
  const char* program;
  char* const* start_argv;
  char* const* remove_argv;
  char* const* envp;
  const char* directory;
  const char* pid_file;
  std::array<int, 3> stdio;
  int null_fd;
  int report_fd;
  int parent_pidfd;  ///< readable when our parent has ended
  int kill_signal;   ///< asks for the end of the container
};

/// Runs as the first process of a new pid and mount namespace with all signals blocked.
[[noreturn]] void run_supervisor(const SupervisorTask& task) noexcept;

}  // namespace jcb::runtime
