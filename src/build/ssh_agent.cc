// SPDX-License-Identifier: Apache-2.0
// Bytes are passed on as they are: what the agent protocol allows is for the agent to decide (ssh-add -c, -t).
#include "build/ssh_agent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include "jcbuild/error.h"
#include "sandbox/isolation.h"

namespace jcb::build {
namespace {

constexpr std::size_t k_max_connections = 64;
constexpr std::size_t k_max_buffered = 65536;
constexpr const char* k_socket_name = "agent.sock";

util::Fd open_directory(const std::filesystem::path& path) {
  util::Fd directory(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) throw_errno("open", path.native());
  return directory;
}

// sun_path has 108 bytes; a descriptor's name is always short enough.
sockaddr_un make_address(const util::Fd& directory, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = directory.proc_path() + "/" + name;
  if (path.size() >= sizeof address.sun_path) throw Error(ErrorKind::invalid, "the socket name " + name + " is too long");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

util::Fd make_socket() {
  util::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) throw_errno("make", "a socket");
  return socket;
}

util::Fd listen_at(const util::Fd& directory) {
  util::Fd socket = make_socket();
  const sockaddr_un address = make_address(directory, k_socket_name);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(socket.get(), 16) != 0)
    throw_errno("listen at", k_socket_name);
  return socket;
}

// One direction of a connection.
struct Stream {
  int from = -1;
  int to = -1;
  std::string buffer;
  bool ended = false;   // nothing more comes
  bool passed = false;  // and `to` knows

  bool wants_input() const { return !ended && buffer.size() < k_max_buffered; }

  // False when the connection is broken.
  bool take() {
    std::array<char, 16384> bytes;
    const ssize_t got = ::recv(from, bytes.data(), bytes.size(), 0);
    if (got > 0) buffer.append(bytes.data(), static_cast<std::size_t>(got));
    if (got == 0) ended = true;
    return got >= 0 || errno == EAGAIN || errno == EINTR;
  }

  bool give() {
    const ssize_t sent = buffer.empty() ? 0 : ::send(to, buffer.data(), buffer.size(), MSG_NOSIGNAL);
    if (sent > 0) buffer.erase(0, static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (ended && buffer.empty() && !passed) passed = ::shutdown(to, SHUT_WR) == 0 || errno == ENOTCONN;
    return true;
  }
};

struct Connection {
  util::Fd client;
  util::Fd agent;
  Stream request;
  Stream answer;

  Connection(util::Fd client_socket, util::Fd agent_socket) : client(std::move(client_socket)), agent(std::move(agent_socket)) {
    request = {client.get(), agent.get(), {}};
    answer = {agent.get(), client.get(), {}};
  }

  // An end that nothing is wanted of is left out: poll would report its hang-up again and again.
  static pollfd watch(int fd, const Stream& in, const Stream& out) {
    const auto events = static_cast<short>((in.wants_input() ? POLLIN : 0) | (out.buffer.empty() ? 0 : POLLOUT));
    return {events == 0 ? -1 : fd, events, 0};
  }

  // False when it is over.
  bool serve(short client_events, short agent_events) {
    constexpr short broken = POLLERR | POLLNVAL;
    if (((client_events | agent_events) & broken) != 0) return false;
    if ((client_events & (POLLIN | POLLHUP)) != 0 && request.wants_input() && !request.take()) return false;
    if ((agent_events & (POLLIN | POLLHUP)) != 0 && answer.wants_input() && !answer.take()) return false;
    return request.give() && answer.give() && !(request.passed && answer.passed);
  }
};

}  // namespace

class SshAgentProxy::Server {
 public:
  Server(const util::Fd& directory, const std::filesystem::path& agent)
      : m_listener(listen_at(directory)),
        m_agent_directory(open_directory(agent.has_parent_path() ? agent.parent_path() : ".")),
        m_agent(make_address(m_agent_directory, agent.filename())),
        m_stop(util::make_pipe()) {}

  ~Server() {
    m_stop.write_end.reset();
    if (m_thread.joinable()) m_thread.join();
  }

  // Signals are for threads that look for them.
  void start() {
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    m_thread = std::thread([this] { run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

 private:
  void run() {
    for (;;) {
      std::vector<pollfd> polls{{m_stop.read_end.get(), POLLIN, 0}};
      polls.push_back({m_connections.size() < k_max_connections ? m_listener.get() : -1, POLLIN, 0});
      for (const auto& connection : m_connections) {
        polls.push_back(Connection::watch(connection.client.get(), connection.request, connection.answer));
        polls.push_back(Connection::watch(connection.agent.get(), connection.answer, connection.request));
      }
      if (::poll(polls.data(), polls.size(), -1) < 0 && errno != EINTR) return;
      if (polls[0].revents != 0) return;
      serve(polls);
      if (polls[1].revents != 0) accept();
    }
  }

  void serve(const std::vector<pollfd>& polls) {
    std::size_t at = 2;
    for (auto connection = m_connections.begin(); connection != m_connections.end(); at += 2) {
      const bool open = connection->serve(polls[at].revents, polls[at + 1].revents);
      connection = open ? std::next(connection) : m_connections.erase(connection);
    }
  }

  // An agent that is not there any more is told by closing the connection.
  void accept() {
    util::Fd client(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!client && (errno == EMFILE || errno == ENFILE)) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    util::Fd agent(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!client || !agent) return;
    if (::connect(agent.get(), reinterpret_cast<const sockaddr*>(&m_agent), sizeof m_agent) != 0) return;
    m_connections.emplace_back(std::move(client), std::move(agent));
  }

  util::Fd m_listener;
  util::Fd m_agent_directory;
  sockaddr_un m_agent;
  util::Pipe m_stop;
  std::list<Connection> m_connections;
  std::thread m_thread;
};

SshAgentProxy::SshAgentProxy(const std::filesystem::path& directory, const std::filesystem::path& agent, mode_t mode, uid_t uid,
                             gid_t gid) {
  const util::Fd held = open_directory(directory);
  m_server = std::make_unique<Server>(held, agent);
  if (!sandbox::has_one_id() && ::fchownat(held.get(), k_socket_name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
    throw_errno("set the owner of", k_socket_name);
  if (::fchmodat(held.get(), k_socket_name, mode & 07777, 0) != 0) throw_errno("set the mode of", k_socket_name);
  util::Fd socket(::openat(held.get(), k_socket_name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!socket) throw_errno("open", k_socket_name);
  m_socket = std::make_shared<const util::Fd>(std::move(socket));
  m_server->start();
}

SshAgentProxy::~SshAgentProxy() = default;

}  // namespace jcb::build
