// SPDX-License-Identifier: Apache-2.0
// The wrapper of libmicrohttpd (microhttpd.h). The library parses, keeps connections alive and sends files with
// sendfile(2); what is answered is decided elsewhere. The target is taken from the log callback: everywhere else it is
// decoded already, and cut at an encoded NUL.
#include "oci/server/http_daemon.h"

#include <microhttpd.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <utility>

#include "jcbuild/error.h"

namespace jcb::oci {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned k_max_connections = 256, k_max_connections_per_address = 192;
constexpr unsigned k_silence_seconds = 30;
constexpr std::chrono::seconds k_request_time{30};
// A request's line and headers have to fit into this.
constexpr std::size_t k_connection_bytes = std::size_t{32} << 10;
constexpr std::size_t k_stack_bytes = std::size_t{1} << 20;

/// A connection, and until when its next request has to be complete.
struct Client {
  int socket = -1;
  Clock::time_point deadline;
};

/// A request of which the first line has been read.
struct Request {
  std::string target;
  bool is_known = false;  ///< its headers have been seen
};

bool has_body(MHD_Connection* connection) {
  return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length") != nullptr ||
         MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding") != nullptr;
}

Client* client_of(MHD_Connection* connection) {
  const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info == nullptr ? nullptr : static_cast<Client*>(info->socket_context);
}

MHD_Result collect_header(void* headers, MHD_ValueKind, const char* name, const char* value) {
  static_cast<ServerRequest*>(headers)->headers.emplace_back(name, value == nullptr ? "" : value);
  return MHD_YES;
}

// Never called: such an answer has a length, but no body.
ssize_t refuse_to_read(void*, std::uint64_t, char*, std::size_t) { return MHD_CONTENT_READER_END_WITH_ERROR; }

struct DestroyResponse {
  void operator()(MHD_Response* response) const { MHD_destroy_response(response); }
};
using Response = std::unique_ptr<MHD_Response, DestroyResponse>;

Response make_response(ServerAnswer& answer) {
  if (!answer.blob) return Response(MHD_create_response_from_buffer(answer.body.size(), answer.body.data(), MHD_RESPMEM_MUST_COPY));
  BlobPart& blob = *answer.blob;
  if (!blob.file) return Response(MHD_create_response_from_callback(blob.size_bytes, 512, &refuse_to_read, nullptr, nullptr));
  Response response(MHD_create_response_from_fd_at_offset64(blob.size_bytes, blob.file.get(), blob.offset));
  if (response) blob.file.release();  // closed with the response
  return response;
}

MHD_Result send(MHD_Connection* connection, ServerAnswer answer) {
  const Response response = make_response(answer);
  if (!response) return MHD_NO;
  for (const auto& [name, value] : answer.headers) {
    if (MHD_add_response_header(response.get(), name.c_str(), value.c_str()) != MHD_YES) return MHD_NO;
  }
  return MHD_queue_response(connection, answer.status, response.get());
}

}  // namespace

struct HttpDaemon::State {
  AnswerRequest answer;
  std::mutex mutex;
  std::set<Client*> clients;
  MHD_Daemon* daemon = nullptr;

  void set_deadline(MHD_Connection* connection, Clock::time_point deadline) {
    const std::lock_guard guard(mutex);
    if (Client* client = client_of(connection)) client->deadline = deadline;
  }

  // Exceptions may not cross the library's C code; without an answer it closes the connection.
  MHD_Result answer_request(MHD_Connection* connection, const char* method, const std::string& target) noexcept {
    try {
      set_deadline(connection, Clock::time_point::max());
      ServerRequest request{method, target, {}};
      MHD_get_connection_values(connection, MHD_HEADER_KIND, &collect_header, &request);
      return send(connection, answer(request));
    } catch (...) {
      return MHD_NO;
    }
  }

  static void* on_target(void*, const char* target, MHD_Connection*) {
    return std::make_unique<Request>(Request{target == nullptr ? "" : target, false}).release();
  }

  // The library calls once when the headers are there and again when the body is. An answer to the first call ends the
  // connection, which suits a request whose body nobody wants to read.
  static MHD_Result on_request(void* state, MHD_Connection* connection, const char*, const char* method, const char*, const char*,
                               std::size_t*, void** context) {
    auto* request = static_cast<Request*>(*context);
    if (!std::exchange(request->is_known, true) && !has_body(connection)) return MHD_YES;
    return static_cast<State*>(state)->answer_request(connection, method, request->target);
  }

  static void on_completed(void* state, MHD_Connection* connection, void** request, MHD_RequestTerminationCode) {
    const std::unique_ptr<Request> done(static_cast<Request*>(*request));
    *request = nullptr;
    static_cast<State*>(state)->set_deadline(connection, Clock::now() + k_request_time);
  }

  // Called before a socket is closed, so that no number in `clients` is ever somebody else's.
  static void on_connection(void* self, MHD_Connection* connection, void** context, MHD_ConnectionNotificationCode code) {
    auto* state = static_cast<State*>(self);
    const std::lock_guard guard(state->mutex);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
      const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
      auto client = std::make_unique<Client>(Client{info->connect_fd, Clock::now() + k_request_time});
      state->clients.insert(client.get());
      *context = client.release();
    } else {
      const std::unique_ptr<Client> client(static_cast<Client*>(*context));
      state->clients.erase(client.get());
      *context = nullptr;
    }
  }

  void start(int socket) {
    daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC, 0, nullptr, nullptr, &on_request,
                              this, MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_CONNECTION_LIMIT, k_max_connections,
                              MHD_OPTION_PER_IP_CONNECTION_LIMIT, k_max_connections_per_address, MHD_OPTION_CONNECTION_TIMEOUT,
                              k_silence_seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT, k_connection_bytes, MHD_OPTION_THREAD_STACK_SIZE,
                              k_stack_bytes, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, &on_target, this,
                              MHD_OPTION_NOTIFY_COMPLETED, &on_completed, this, MHD_OPTION_NOTIFY_CONNECTION, &on_connection, this,
                              MHD_OPTION_END);
    if (daemon == nullptr) throw Error(ErrorKind::system, "cannot start the HTTP server");
  }
};

HttpDaemon::HttpDaemon(Listener listener, AnswerRequest answer) : m_state(std::make_unique<State>()) {
  m_state->answer = std::move(answer);
  m_state->start(listener.socket.get());
  listener.socket.release();  // closed by MHD_stop_daemon
}

HttpDaemon::~HttpDaemon() { MHD_stop_daemon(m_state->daemon); }

void HttpDaemon::drop_slow_clients() {
  const std::lock_guard guard(m_state->mutex);
  for (const Client* client : m_state->clients) {
    if (client->deadline < Clock::now()) ::shutdown(client->socket, SHUT_RDWR);
  }
}

}  // namespace jcb::oci
