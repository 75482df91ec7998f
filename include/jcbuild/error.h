// SPDX-License-Identifier: Apache-2.0
// The one exception type of jcbuild. A layer that knows the thing throws `Error`; a layer border adds the step it was
// taking with `in_step`; only the command line prints it. Third-party exceptions become `Error` where they are wrapped.
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jcb {

/// What sort of failure it was; decides the exit code (docs/errors.md) and nothing else.
enum class ErrorKind {
  usage,        ///< the request itself is malformed: exit 2
  not_found,    ///< a named thing does not exist
  invalid,      ///< input that breaks its format or a limit
  refused,      ///< well-formed, but a rule or a conflict forbids it
  unsupported,  ///< this machine, kernel or version cannot do it
  failed,       ///< a program that we ran failed
  system,       ///< a system call failed; `errno_value` says how
};

/// A failure: what failed and why (`message`), during which steps (outermost first), and what the user can do (`hint`).
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, std::string message, std::string hint = {}, int errno_value = 0);

  ErrorKind kind() const noexcept { return m_kind; }
  const std::string& message() const noexcept { return m_message; }
  const std::string& hint() const noexcept { return m_hint; }
  /// The errno of a failed system call, 0 where none is behind it.
  int errno_value() const noexcept { return m_errno; }
  /// The steps that were under way, outermost first.
  const std::vector<std::string>& steps() const noexcept { return m_steps; }
  /// Lines that belong under the message, such as the last output of a failed command. May be empty.
  const std::vector<std::string>& details() const noexcept { return m_details; }

  /// Records that the failure happened while doing `step`; called from the inside out.
  void add_step(std::string step) { m_steps.insert(m_steps.begin(), std::move(step)); }
  /// Adds lines to be printed under the message.
  void add_details(std::vector<std::string> lines);
  /// Sets the hint unless a deeper layer, which knows more, has already given one.
  void suggest(std::string hint);

 private:
  ErrorKind m_kind;
  std::string m_message;
  std::string m_hint;
  int m_errno;
  std::vector<std::string> m_steps;
  std::vector<std::string> m_details;
};

/// The user asked to stop (SIGINT, SIGTERM, SIGHUP). Not an Error: nobody may catch it to go on.
class Interrupted : public std::exception {
 public:
  explicit Interrupted(int signal) noexcept : m_signal(signal) {}
  /// The signal that asked for it.
  int signal() const noexcept { return m_signal; }
  const char* what() const noexcept override { return "interrupted"; }

 private:
  int m_signal;
};

/// Throws Error(system) "cannot OPERATION THING: strerror". `error` is an errno value, read before the call by default.
[[noreturn]] void throw_errno(std::string_view operation, std::string_view thing, int error = errno);

/// Runs `body`; an Error that passes through is told that it happened during `step`.
template <typename Body>
decltype(auto) in_step(std::string_view step, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (Error& error) {
    error.add_step(std::string(step));
    throw;
  }
}

}  // namespace jcb
