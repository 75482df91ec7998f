// SPDX-License-Identifier: Apache-2.0
// The terminal of a container (runc's docs/terminals.md): the runtime makes a pseudo-terminal inside, connects to a
// socket of ours and sends the master end in one SCM_RIGHTS message. From then on util::TerminalRelay copies.
#pragma once

#include "util/fd.h"
#include "util/root.h"

#include <string_view>

namespace jcb::runtime {

/// The socket for --console-socket, in the bundle directory.
class ConsoleSocket {
 public:
  /// Its name in the bundle directory.
  static constexpr std::string_view k_name = "console.sock";

  /// Makes it and listens. Throws Error(system).
  explicit ConsoleSocket(const util::Root& bundle);

  int fd() const noexcept { return m_listener.get(); }
  /// Accepts the runtime's connection and takes the terminal out of its message. Throws Error(failed, system).
  util::Fd receive();

 private:
  util::Fd m_listener;
};

}  // namespace jcb::runtime
