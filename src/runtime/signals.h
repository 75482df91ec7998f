// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "util/fd.h"

#include <signal.h>

#include <array>

namespace jcb::runtime {

/// The signals that are passed on to a container instead of ending us.
inline constexpr std::array<int, 7> k_forwarded_signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};

/// While it lives, k_forwarded_signals are blocked in this thread and read from a descriptor. Other threads must block
/// them too, or not exist: a signal to the process goes to any thread that takes it.
class ForwardedSignals {
 public:
  ForwardedSignals();
  ~ForwardedSignals();
  ForwardedSignals(const ForwardedSignals&) = delete;
  ForwardedSignals& operator=(const ForwardedSignals&) = delete;

  int fd() const noexcept { return m_signals.get(); }
  /// The next signal that has arrived, 0 when there is none. Never blocks.
  int next();

 private:
  sigset_t m_previous{};
  util::Fd m_signals;
};

}  // namespace jcb::runtime
