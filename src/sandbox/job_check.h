// SPDX-License-Identifier: Apache-2.0
// What every way of running a job does with it first. Private to sandbox.
#pragma once

#include <string>
#include <vector>

#include "sandbox/launch.h"
#include "sandbox/sandbox.h"

namespace jcb::sandbox {

/// A job's command in the forms that execve(2) takes. Points into the job, which must stay where it is.
class CommandWords {
 public:
  /// Throws Error(invalid) naming what is wrong with the command, the environment, the directory or the user.
  explicit CommandWords(const Job& job);
  CommandWords(const CommandWords&) = delete;
  CommandWords& operator=(const CommandWords&) = delete;

  /// Fills in what is executed, where, and as whom.
  void add_to(LaunchPlan& plan) const;

 private:
  const Job& m_job;
  std::vector<std::string> m_paths;  // to try to execute, in order
  std::vector<char*> m_argv, m_environment, m_candidates;
  std::vector<gid_t> m_groups;
};
/// The content of a file of the host such as /etc/hosts for the job; `alone` when there is none, or no network.
std::string network_file(const Job& job, const char* host_path, const char* alone);
/// What a job without network sees as /etc/hosts: nothing of the host.
inline constexpr const char* k_local_hosts = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
/// Whether a link-free path is `directory` or lies below it.
bool is_below(const std::string& path, const std::string& directory);
/// Throws Error(refused) for a link-free path that nobody may mount over; `target` is how the caller named it.
void check_place(const std::string& path, const std::string& target);

}  // namespace jcb::sandbox
