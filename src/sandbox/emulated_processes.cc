// SPDX-License-Identifier: Apache-2.0
#include "sandbox/emulated_processes.h"

#include "jcbuild/error.h"
#include "sandbox/kernel.h"
#include "util/file.h"
#include "util/text.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <string>

namespace jcb::sandbox {
namespace {

constexpr std::size_t k_many = 256;
constexpr int k_max_ancestors = 64;

std::string proc_path(pid_t process, const char* name) { return "/proc/" + std::to_string(process) + "/" + name; }

// Nothing for a process that is just going.
std::optional<std::string> find_proc_file(const std::string& path) {
  try {
    return util::find_file(path, 1 << 20);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// What the kernel says of a process or thread; 0 for what it does not say.
struct Kinship {
  pid_t process = 0;
  pid_t parent = 0;
};

pid_t number_after(const std::string& text, std::string_view label) {
  const auto at = text.find(label);
  pid_t value = 0;
  if (at != std::string::npos) std::from_chars(text.data() + at + label.size(), text.data() + text.size(), value);
  return value;
}

Kinship kinship_of(pid_t thread) {
  const auto text = find_proc_file(proc_path(thread, "status"));
  if (!text) return {};
  return {number_after(*text, "\nTgid:\t"), number_after(*text, "\nPPid:\t")};
}

bool has_ended(const util::Fd& process) {
  pollfd poll{process.get(), POLLIN, 0};
  return !process || ::poll(&poll, 1, 0) != 0;
}

struct stat executable_of(pid_t process) {
  struct stat status {};
  if (::stat(proc_path(process, "exe").c_str(), &status) != 0) status = {};
  return status;
}

}  // namespace

EmulatedProcesses::State* EmulatedProcesses::find(pid_t process) {
  const auto found = m_entries.find(process);
  if (found == m_entries.end()) return nullptr;
  if (!has_ended(found->second.process)) return &found->second.state;
  m_entries.erase(found);
  return nullptr;
}

EmulatedProcesses::State* EmulatedProcesses::remember(pid_t process, State state) {
  if (m_entries.size() >= k_many) forget_dead();
  Entry entry{util::Fd(kernel::open_pidfd(process)), std::move(state)};
  return &(m_entries[process] = std::move(entry)).state;
}

void EmulatedProcesses::forget_dead() {
  std::erase_if(m_entries, [](const auto& entry) { return has_ended(entry.second.process); });
}

// Up to an ancestor that is known, or out of the job.
EmulatedProcesses::State EmulatedProcesses::inherited(pid_t process) {
  for (int i = 0; i < k_max_ancestors && process > 0 && process != ::getpid(); ++i) {
    if (const State* state = find(process)) return *state;
    process = kinship_of(process).parent;
  }
  return {m_first, {}};
}

const Credentials& EmulatedProcesses::of(pid_t thread) {
  if (m_entries.empty() && m_first.is_privileged()) return m_first;
  const Kinship kin = kinship_of(thread);
  if (kin.process == 0) return m_first;
  State* state = find(kin.process);
  if (state == nullptr) state = remember(kin.process, inherited(kin.parent));
  if (state->credentials.is_privileged()) return state->credentials;
  // A set-user-ID program such as sudo: whoever executes it becomes its owner, which is root of all we know.
  const struct stat executable = executable_of(kin.process);
  const Executable identity{executable.st_dev, executable.st_ino};
  if (identity != state->executable && (executable.st_mode & S_ISUID) != 0) state->credentials.execute(true, 0, false, 0);
  state->executable = identity;
  return state->credentials;
}

const Credentials* EmulatedProcesses::find_other(pid_t thread) {
  if (m_entries.empty()) return nullptr;
  const Credentials& credentials = of(thread);
  return credentials == m_first ? nullptr : &credentials;
}

void EmulatedProcesses::keep_children(pid_t process, const State& state) {
  const std::string id = std::to_string(process);
  const auto children = find_proc_file("/proc/" + id + "/task/" + id + "/children");
  for (const auto& word : util::split(children.value_or(""), ' ')) {
    pid_t child = 0;
    std::from_chars(word.data(), word.data() + word.size(), child);
    if (child > 0 && find(child) == nullptr) remember(child, state);
  }
}

void EmulatedProcesses::set(pid_t thread, Credentials credentials) {
  if (m_entries.empty() && credentials == m_first) return;
  const Kinship kin = kinship_of(thread);
  if (kin.process == 0) return;
  State* known = find(kin.process);
  const State before = known != nullptr ? *known : inherited(kin.parent);
  if (before.credentials == credentials) return;
  keep_children(kin.process, before);
  const struct stat executable = executable_of(kin.process);
  remember(kin.process, {std::move(credentials), {executable.st_dev, executable.st_ino}});
}

}  // namespace jcb::sandbox
