// SPDX-License-Identifier: Apache-2.0
// A process between us and the runtime, so that no container can outlive us.
//
//   we ── supervisor (pid 1 of its own pid namespace) ── runc run --detach        (ends when the container has started)
//                                                     └─ the container's first process, adopted by the supervisor
//
// A death signal on runc would kill runc and leave the container running. The supervisor asked for a signal when we die
// in whatever way; it then kills the container and removes its state. Should it be killed itself, the kernel kills its
// whole pid namespace, the container included.
// It has a /proc of that namespace in a mount namespace of its own, since runtimes work through /proc/self.
// Starting detached, with the supervisor as the adopter, has two more merits: the exit status of the runtime (was the
// container started?) and of the process are told apart without guessing, and the container's standard streams are ours,
// not pipes that the runtime copies. Where a /proc cannot be mounted, the runtime could not mount the container's either:
// that is an error, not a case for a fallback.
#pragma once

#include "util/child.h"
#include "util/fd.h"

#include <signal.h>
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace jcb::runtime {

/// What the supervisor starts.
struct SupervisedProgram {
  std::filesystem::path program;
  std::vector<std::string> start;   ///< arguments that start the container detached and write `pid_file`
  std::vector<std::string> remove;  ///< arguments that remove what the runtime keeps about it
  std::filesystem::path directory;  ///< working directory
  std::filesystem::path pid_file;
  util::Stdio stdio;  ///< the container's; borrowed for the call
};

/// How far a supervised run came.
enum class RunStage {
  runtime,    ///< the runtime ended without starting the container; `status` is the runtime's
  container,  ///< the container ran; `status` is its first process's
};

struct RunOutcome {
  RunStage stage = RunStage::runtime;
  util::ExitStatus status;
};

/// A running supervisor. Destroyed while running, it is killed with everything below it.
class Supervisor {
 public:
  /// Starts it. Needs CAP_SYS_ADMIN in our user namespace. Throws Error(unsupported, system).
  static Supervisor start(const SupervisedProgram& program);
  ~Supervisor();
  Supervisor(Supervisor&& other) noexcept;
  Supervisor& operator=(Supervisor&&) = delete;

  /// Readable when the supervisor has ended.
  int pidfd() const noexcept { return m_pidfd.get(); }
  /// Passes a signal on to the container's first process, as soon as there is one.
  void forward(int signal) noexcept;
  /// Kills the container, or the runtime that is still starting it.
  void kill_container() noexcept;
  /// Waits for the end. Throws Error(unsupported, system) when the runtime could not be started.
  RunOutcome wait();

 private:
  Supervisor(pid_t pid, util::Fd pidfd, util::Fd report) : m_pid(pid), m_pidfd(std::move(pidfd)), m_report(std::move(report)) {}
  pid_t m_pid;
  util::Fd m_pidfd;
  util::Fd m_report;
};

}  // namespace jcb::runtime
