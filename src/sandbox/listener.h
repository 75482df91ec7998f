// SPDX-License-Identifier: Apache-2.0
// seccomp_unotify(2): the end at which trapped system calls arrive and are answered.
#pragma once

#include "util/fd.h"

#include <linux/seccomp.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace jcb::sandbox {

/// How a trapped call ends: with a value, with an errno value, or as the kernel would have it.
struct Answer {
  std::int64_t value = 0;
  int error = 0;
  bool let_kernel = false;

  static Answer failure(int error) { return {0, error, false}; }
  static Answer from_kernel() { return {0, 0, true}; }
};

class Listener {
 public:
  /// Takes over the descriptor that installing the filter gave. Throws Error(system, unsupported).
  explicit Listener(util::Fd fd);

  int fd() const noexcept { return m_fd.get(); }
  /// The next call, valid until the next receive; null when its thread was killed meanwhile. Blocks unless poll(2) says
  /// that there is one.
  const seccomp_notif* receive() noexcept;
  /// Whether the thread still waits: what was opened of it before is then really its own, not that of a successor with its
  /// number.
  bool is_waiting(std::uint64_t id) const noexcept;
  /// Gives the waiting thread a copy of a descriptor; its number there, or -1 with errno (ENOTTY before Linux 5.9).
  int give(std::uint64_t id, int fd, bool close_on_exec) const noexcept;
  /// Ends the call. A thread that is gone is no error.
  void answer(std::uint64_t id, const Answer& answer) noexcept;

 private:
  util::Fd m_fd;
  std::vector<std::max_align_t> m_request;
  std::vector<std::max_align_t> m_response;
};

}  // namespace jcb::sandbox
