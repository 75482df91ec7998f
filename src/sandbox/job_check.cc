// SPDX-License-Identifier: Apache-2.0
#include "sandbox/job_check.h"

#include "jcbuild/error.h"
#include "sandbox/isolation.h"
#include "util/file.h"
#include "util/text.h"

namespace jcb::sandbox {
namespace {

constexpr std::uint32_t k_max_id = 0x7fffffff;
constexpr const char* k_default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void check_text(const std::string& text, const char* what) {
  if (text.find('\0') != std::string::npos) throw Error(ErrorKind::invalid, std::string(what) + " holds a NUL byte");
}

// An entry without '=' would mean "take the host's" to some runtimes (CVE-2026-57231).
void check_environment(const std::vector<std::string>& environment) {
  for (const auto& entry : environment) {
    check_text(entry, "an environment variable");
    if (entry.find('=') == std::string::npos || entry.front() == '=')
      throw Error(ErrorKind::invalid, "environment entry " + util::escape_text(entry) + " is not NAME=VALUE");
  }
}

void check_job(const Job& job) {
  if (job.argv.empty() || job.argv[0].empty()) throw Error(ErrorKind::invalid, "there is no command to run");
  for (const auto& argument : job.argv) check_text(argument, "an argument");
  check_environment(job.environment);
  check_text(job.working_directory, "the working directory");
  if (!job.working_directory.starts_with('/'))
    throw Error(ErrorKind::invalid, "working directory " + util::escape_text(job.working_directory) + " is not absolute");
  if (job.hostname.empty() || job.hostname.size() > 64) throw Error(ErrorKind::invalid, "a host name has 1 to 64 characters");
  for (const auto id : {job.identity.uid, job.identity.gid}) {
    if (id > k_max_id) throw Error(ErrorKind::invalid, "user or group " + std::to_string(id) + " is above 2147483647");
  }
}

std::string find_path(const std::vector<std::string>& environment) {
  for (auto entry = environment.rbegin(); entry != environment.rend(); ++entry) {
    if (entry->starts_with("PATH=")) return entry->substr(5);
  }
  return k_default_path;
}

// The texts as execve(2) takes them, ended by a null; points into `strings`.
std::vector<char*> to_pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const auto& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// The paths to try to execute, in order.
std::vector<std::string> make_candidates(const Job& job) {
  const std::string& name = job.argv[0];
  if (name.find('/') != std::string::npos) return {name};
  std::vector<std::string> candidates;
  for (const auto& directory : util::split(find_path(job.environment), ':'))
    candidates.push_back((directory.empty() ? "." : directory) + "/" + name);
  return candidates;
}

// Groups of the host mean something only where ids are the host's.
bool has_host_ids() {
  const Tier tier = enter_isolation().tier;
  return tier == Tier::root || tier == Tier::chroot;
}

std::vector<gid_t> make_groups(const Job& job) {
  std::vector<gid_t> groups = job.identity.groups;
  if (job.device_groups && has_host_ids()) groups.insert(groups.end(), job.device_groups->begin(), job.device_groups->end());
  return groups;
}

}  // namespace

CommandWords::CommandWords(const Job& job)
    : m_job((check_job(job), job)),
      m_paths(make_candidates(job)),
      m_argv(to_pointers(job.argv)),
      m_environment(to_pointers(job.environment)),
      m_candidates(to_pointers(m_paths)),
      m_groups(make_groups(job)) {}

void CommandWords::add_to(LaunchPlan& plan) const {
  plan.root = m_job.root.c_str();
  plan.working_directory = m_job.working_directory.c_str();
  plan.argv = m_argv.data();
  plan.environment = m_environment.data();
  plan.candidates = m_candidates.data();
  plan.uid = m_job.identity.uid;
  plan.gid = m_job.identity.gid;
  plan.groups = m_groups;
  plan.keep_groups = m_job.device_groups && !has_host_ids();
}

std::string network_file(const Job& job, const char* host_path, const char* alone) {
  return job.network == Network::none ? alone : util::find_file(host_path, 1 << 20).value_or(alone);
}

// "dev/x" lies in the /dev that the child makes; "proc/x" and "sys/x" in what nobody may mount over.
bool is_below(const std::string& path, const std::string& directory) {
  return path == directory || (path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/');
}

void check_place(const std::string& path, const std::string& target) {
  if (is_below(path, "proc") || is_below(path, "sys") || path == "dev")
    throw Error(ErrorKind::refused, "cannot mount over " + util::escape_text(target));
}

}  // namespace jcb::sandbox
