// SPDX-License-Identifier: Apache-2.0
#include "runtime/terminal.h"

#include "jcbuild/error.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace jcb::runtime {
namespace {

constexpr std::string_view k_socket_thing = "the console socket";

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

}  // namespace jcb::runtime
