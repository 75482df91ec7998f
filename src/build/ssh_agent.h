// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>

#include "util/fd.h"

namespace jcb::build {

/// A socket of ours that forwards each connection to an agent's, so that RUN sees a socket with an owner and mode of its
/// own and the agent's is never shown to anybody. A thread of it (all signals blocked) serves until the object goes; then
/// every connection is cut.
class SshAgentProxy {
 public:
  /// Listens in `directory` (ours; the path may be of any length). Throws Error(system).
  SshAgentProxy(const std::filesystem::path& directory, const std::filesystem::path& agent, mode_t mode, uid_t uid, gid_t gid);
  ~SshAgentProxy();
  SshAgentProxy(const SshAgentProxy&) = delete;
  SshAgentProxy& operator=(const SshAgentProxy&) = delete;

  /// The socket file, held (O_PATH).
  const std::shared_ptr<const util::Fd>& socket() const noexcept { return m_socket; }

 private:
  class Server;
  std::shared_ptr<const util::Fd> m_socket;
  std::unique_ptr<Server> m_server;
};

}  // namespace jcb::build
