// SPDX-License-Identifier: Apache-2.0
// Who the processes of a job believe to be. Only those that differ from the job's user, and their relatives, are kept; a
// process that is met for the first time has the ids of its parent.
#pragma once

#include "sandbox/credentials.h"
#include "util/fd.h"

#include <sys/types.h>

#include <map>
#include <optional>
#include <utility>

namespace jcb::sandbox {

class EmulatedProcesses {
 public:
  /// `first` is what the job begins with.
  explicit EmulatedProcesses(Credentials first) : m_first(std::move(first)) {}

  /// The ids of the process that a thread belongs to.
  const Credentials& of(pid_t thread);
  /// Whether a process has other ids than the job began with, and which they are; null for the most.
  const Credentials* find_other(pid_t thread);
  /// Sets them. Children that exist keep what they had.
  void set(pid_t thread, Credentials credentials);

 private:
  using Executable = std::pair<dev_t, ino_t>;
  struct State {
    Credentials credentials;
    Executable executable;  // the last one that it was seen with
  };
  struct Entry {
    util::Fd process;  // pidfd: tells a process from its successor with the same number
    State state;
  };
  State* find(pid_t process);
  State* remember(pid_t process, State state);
  State inherited(pid_t process);
  void keep_children(pid_t process, const State& state);
  void forget_dead();

  Credentials m_first;
  std::map<pid_t, Entry> m_entries;
};

}  // namespace jcb::sandbox
