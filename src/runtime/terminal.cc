// SPDX-License-Identifier: Apache-2.0
#include "runtime/terminal.h"

#include "jcbuild/error.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace jcb::runtime {
namespace {

constexpr std::string_view k_socket_thing = "the console socket";
constexpr char k_end_of_transmission = '\x04';

util::Fd take_descriptor(const msghdr& message) {
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  const bool has_one =
      header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int));
  if (!has_one) throw Error(ErrorKind::failed, "the runtime sent no terminal over the console socket");
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return util::Fd(fd);
}

util::Fd receive_descriptor(int connection) {
  std::array<char, 256> payload;  // a name, which says nothing
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  iovec part{payload.data(), payload.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = -1;
  do {
    got = ::recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) throw_errno("read from", k_socket_thing);
  return take_descriptor(message);
}

void set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) throw_errno("set up", "the container's terminal");
}

}  // namespace

ConsoleSocket::ConsoleSocket(const util::Root& bundle) : m_listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (!m_listener) throw_errno("make", k_socket_thing);
  bundle.remove_tree(k_name);
  // A socket address holds 107 bytes, the bundle's path may be longer: name it through the descriptor.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(bundle.fd()) + "/" + std::string(k_name);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (::bind(m_listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) throw_errno("bind", k_socket_thing);
  if (::listen(m_listener.get(), 1) != 0) throw_errno("listen on", k_socket_thing);
}

util::Fd ConsoleSocket::receive() {
  const util::Fd connection(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection) throw_errno("accept on", k_socket_thing);
  m_listener.reset();
  return receive_descriptor(connection.get());
}

RawMode::RawMode(int fd) : m_fd(fd) {
  termios current{};
  if (fd < 0 || ::tcgetattr(fd, &current) != 0) return;
  termios raw = current;
  ::cfmakeraw(&raw);
  if (::tcsetattr(fd, TCSANOW, &raw) != 0) throw_errno("set", "the terminal to raw mode");
  m_saved = current;
}

RawMode::~RawMode() {
  if (m_saved) ::tcsetattr(m_fd, TCSADRAIN, &*m_saved);
}

void TerminalRelay::attach(util::Fd master) {
  m_master = std::move(master);
  set_nonblocking(m_master.get());
  resize();
}

void TerminalRelay::resize() noexcept {
  winsize size{};
  for (const int fd : {m_output, m_input}) {
    if (fd < 0 || ::ioctl(fd, TIOCGWINSZ, &size) != 0) continue;
    if (m_master) ::ioctl(m_master.get(), TIOCSWINSZ, &size);
    return;
  }
}

short TerminalRelay::master_events() const noexcept { return static_cast<short>(m_pending.empty() ? POLLIN : POLLIN | POLLOUT); }

int TerminalRelay::input_fd() const noexcept { return m_master && m_pending.empty() ? m_input : -1; }

// One piece of output; false when there is nothing more for now. EIO is the end: no process has the terminal open.
bool TerminalRelay::copy_output() {
  std::array<char, 16384> buffer;
  const ssize_t got = ::read(m_master.get(), buffer.data(), buffer.size());
  if (got > 0) {
    util::write_all(m_output, {buffer.data(), static_cast<std::size_t>(got)}, "standard output");
    return true;
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  m_master.reset();
  return false;
}

void TerminalRelay::flush_input() {
  const ssize_t put = ::write(m_master.get(), m_pending.data(), m_pending.size());
  if (put > 0) m_pending.erase(0, static_cast<std::size_t>(put));
  if (put < 0 && errno != EAGAIN && errno != EINTR) m_pending.clear();
}

void TerminalRelay::on_master(short events) {
  if (!m_master) return;
  if ((events & POLLOUT) != 0) flush_input();
  if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) copy_output();
}

void TerminalRelay::on_input() {
  std::array<char, 4096> buffer;
  const ssize_t got = ::read(m_input, buffer.data(), buffer.size());
  if (got > 0) {
    m_pending.assign(buffer.data(), static_cast<std::size_t>(got));
  } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
    // A pipe has ended: the terminal's way to say so is ^D.
    m_pending.assign(1, k_end_of_transmission);
    m_input = -1;
  }
  if (!m_pending.empty()) flush_input();
}

void TerminalRelay::drain() {
  while (m_master && copy_output()) {
  }
}

}  // namespace jcb::runtime
