// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "util/fd.h"

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::util {

/// How a process ended: `code` 0-255 as its exit status, or 128 + n when signal n killed it.
struct ExitStatus {
  int code = 0;
  bool signaled = false;
  bool success() const noexcept { return code == 0; }
  bool operator==(const ExitStatus&) const = default;
};

/// Turns a wait(2) status into an ExitStatus.
ExitStatus to_exit_status(int wait_status) noexcept;

/// A helper program to start: never through a shell, never with an inherited environment.
struct Command {
  std::filesystem::path program;          ///< absolute; see find_trusted_program
  std::vector<std::string> arguments;     ///< without argv[0]
  std::vector<std::string> environment;   ///< "K=V"; empty means an empty environment
  std::filesystem::path directory = "/";  ///< working directory
};

/// Where a child's descriptor 0, 1 or 2 comes from; -1 is /dev/null. Borrowed for the call.
struct Stdio {
  int in = -1;
  int out = -1;
  int err = -1;
};

/// A running child process, started with SIGKILL on our death. Destroyed while running, it is killed and reaped.
class Child {
 public:
  /// Starts `command`. Throws Error(system) when it cannot be executed (errno comes back over a close-on-exec pipe).
  static Child start(const Command& command, const Stdio& stdio);
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;

  pid_t pid() const noexcept { return m_pid; }
  /// Waits for the end. On an interrupt the child is killed and Interrupted thrown.
  ExitStatus wait();
  void kill(int signal) noexcept;

 private:
  explicit Child(pid_t pid, Fd pidfd) : m_pid(pid), m_pidfd(std::move(pidfd)) {}
  pid_t m_pid;
  Fd m_pidfd;
};

/// What a helper printed and how it ended.
struct Captured {
  ExitStatus status;
  std::string out;
  std::string err;
};

/// Runs a helper to its end and captures both outputs, each cut at `limit_bytes`. `input` is its standard input.
/// Throws Error(system) when it cannot be started; a non-zero status is for the caller to judge.
Captured run_captured(const Command& command, std::string_view input = {}, std::size_t limit_bytes = std::size_t{16} << 20);

/// Looks for a helper in /usr/sbin, /usr/bin, /sbin, /bin, /usr/local/sbin and /usr/local/bin (never in $PATH) and
/// takes it only when the file and its directory are root's and writable by nobody else.
std::optional<std::filesystem::path> find_trusted_program(std::string_view name);

/// As find_trusted_program; absence is Error(unsupported) with `hint` (what to install).
std::filesystem::path require_trusted_program(std::string_view name, std::string_view hint);

}  // namespace jcb::util
