// SPDX-License-Identifier: Apache-2.0
#include "runtime/terminal.h"

#include "jcbuild/error.h"
#include "util/pass_descriptor.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace jcb::runtime {
namespace {

constexpr std::string_view k_socket_thing = "the console socket";

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
  // Beside it comes a name, which says nothing.
  auto terminal = util::receive_descriptor(connection.get(), k_socket_thing);
  if (!terminal) throw Error(ErrorKind::failed, "the runtime sent no terminal over the console socket");
  return std::move(*terminal);
}

}  // namespace jcb::runtime
