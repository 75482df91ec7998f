// SPDX-License-Identifier: Apache-2.0
// Names other than "localhost" are not looked up: which of a name's addresses is meant, nobody can tell, and a server
// that is open to more than was thought is not found out.
#include "oci/server/listener.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr int k_backlog = 128;

[[noreturn]] void refuse(std::string_view text) {
  throw Error(ErrorKind::usage, "'" + util::escape_text(text) + "' is no address to listen at",
              "write ADDRESS:PORT with a numeric address: 127.0.0.1:5000, 0.0.0.0:5000 or [::]:5000");
}

struct AddressText {
  std::string host, port;
};

AddressText split_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) refuse(text);
  std::string host(text.substr(0, colon)), port(text.substr(colon + 1));
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  if ((host.find(':') != std::string::npos) != is_bracketed || host.empty()) refuse(text);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos || std::stoul(port) > 65535)
    refuse(text);
  return {host == "localhost" ? "127.0.0.1" : host, port};
}

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

AddressList resolve(std::string_view text) {
  const auto [host, port] = split_address(text);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) refuse(text);
  return {found, &::freeaddrinfo};
}

void set_option(int socket, int level, int name, int value) {
  if (::setsockopt(socket, level, name, &value, sizeof value) != 0) throw_errno("set up", "listening socket");
}

void bind_and_listen(int socket, const addrinfo& address, std::string_view text) {
  set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.ai_family == AF_INET6) set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (::bind(socket, address.ai_addr, address.ai_addrlen) == 0 && ::listen(socket, k_backlog) == 0) return;
  if (errno == EADDRINUSE)
    throw Error(ErrorKind::refused, "cannot listen at " + std::string(text) + ": another program does", "choose another port with --listen",
                EADDRINUSE);
  throw_errno("listen at", text);
}

std::string url_of(const sockaddr_storage& address, socklen_t size) {
  char host[NI_MAXHOST], port[NI_MAXSERV];
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::getnameinfo(generic, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    throw Error(ErrorKind::system, "cannot tell the address of the listening socket");
  const bool is_ipv6 = address.ss_family == AF_INET6;
  return std::string("http://") + (is_ipv6 ? "[" : "") + host + (is_ipv6 ? "]:" : ":") + port;
}

bool is_loopback(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr);
  return (ntohl(reinterpret_cast<const sockaddr_in*>(&address)->sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
}

}  // namespace

Listener open_listener(std::string_view text) {
  const AddressList address = resolve(text);
  util::Fd socket(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) throw_errno("open a socket for", text);
  bind_and_listen(socket.get(), *address, text);
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) throw_errno("get the address of", text);
  return {std::move(socket), url_of(bound, size), is_loopback(bound)};
}

}  // namespace jcb::oci
