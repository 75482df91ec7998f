// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "oci/server/listener.h"
#include "oci/server/message.h"

namespace jcb::oci {

/// Answers a request; called from several threads at once. Must not throw Error.
using AnswerRequest = std::function<ServerAnswer(const ServerRequest&)>;

/// HTTP/1.1 on a listening socket, through libmicrohttpd, in threads of its own: one for each connection, since answering
/// may block (a disk, another registry), and at most 256. Ends when it is destroyed; connections are cut then.
class HttpDaemon {
 public:
  /// Starts. Throws Error(system).
  HttpDaemon(Listener listener, AnswerRequest answer);
  ~HttpDaemon();
  HttpDaemon(const HttpDaemon&) = delete;
  HttpDaemon& operator=(const HttpDaemon&) = delete;

  /// Cuts the connections whose request has not arrived within 30 s. To be called every second or so: the library only
  /// notices silence, and a client that sends a byte now and then would hold a thread for ever.
  void drop_slow_clients();

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace jcb::oci
