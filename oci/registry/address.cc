// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>

namespace jcb::oci {
namespace {

bool is_denied_ipv4(std::uint32_t address) {
  // 169.254.0.0/16 link-local (RFC 3927); 100.100.100.200 and 168.63.129.16 are the metadata services of two clouds.
  return address >> 16 == 0xa9fe || address == 0x646464c8 || address == 0xa83f8110;
}

using Bytes = std::array<std::uint8_t, 16>;

bool starts_with(const Bytes& address, std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

// The IPv4 address that an IPv6 address stands for: mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96 and the local
// 64:ff9b:1::/48 of RFC 8215), compatible (::/96) or 6to4 (2002::/16).
std::optional<std::uint32_t> find_embedded_ipv4(const Bytes& address) {
  const auto word = [&](std::size_t at) {
    return std::uint32_t{address[at]} << 24 | std::uint32_t{address[at + 1]} << 16 | std::uint32_t{address[at + 2]} << 8 | address[at + 3];
  };
  if (starts_with(address, {0x20, 0x02})) return word(2);
  const bool embedded = starts_with(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}) ||
                        starts_with(address, {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}) ||
                        starts_with(address, {0x00, 0x64, 0xff, 0x9b, 0, 1}) || starts_with(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  return embedded ? std::optional(word(12)) : std::nullopt;
}

bool is_denied_ipv6(const Bytes& address) {
  static constexpr Bytes metadata{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};  // fd00:ec2::254
  if (address[0] == 0xfe && (address[1] & 0xc0) == 0x80) return true;
  if (address == metadata) return true;
  const auto ipv4 = find_embedded_ipv4(address);
  return ipv4 && is_denied_ipv4(*ipv4);
}

bool is_private_ipv4(std::uint32_t address) {
  const std::uint32_t first = address >> 24;
  return first == 0 || first == 10 || first == 127 || address >> 20 == 0xac1 || address >> 16 == 0xc0a8 || address >> 22 == 0x191 ||
         is_denied_ipv4(address);
}

bool is_private_ipv6(const Bytes& address) {
  // ::/96 holds :: and ::1 besides what nobody routes any more; 0.0.0.0/8 covers those two.
  if ((address[0] & 0xfe) == 0xfc || (address[0] == 0xfe && (address[1] & 0xc0) == 0xc0)) return true;
  const auto ipv4 = find_embedded_ipv4(address);
  return is_denied_ipv6(address) || (ipv4 && is_private_ipv4(*ipv4));
}

Bytes to_bytes(const struct in6_addr& address) {
  Bytes bytes;
  std::memcpy(bytes.data(), address.s6_addr, bytes.size());
  return bytes;
}

// Asks one of the two questions about a socket's address; false for other families.
bool ask(const struct sockaddr* address, bool (*ipv4_test)(std::uint32_t), bool (*ipv6_test)(const Bytes&)) {
  if (address->sa_family == AF_INET) {
    struct sockaddr_in ipv4 {};
    std::memcpy(&ipv4, address, sizeof ipv4);
    return ipv4_test(ntohl(ipv4.sin_addr.s_addr));
  }
  if (address->sa_family != AF_INET6) return false;
  struct sockaddr_in6 ipv6 {};
  std::memcpy(&ipv6, address, sizeof ipv6);
  return ipv6_test(to_bytes(ipv6.sin6_addr));
}

// The same about a host of a URL; false for names.
bool ask(const std::string& host, bool (*ipv4_test)(std::uint32_t), bool (*ipv6_test)(const Bytes&)) {
  struct in_addr ipv4 {};
  if (::inet_aton(host.c_str(), &ipv4) != 0) return ipv4_test(ntohl(ipv4.s_addr));
  std::string text = host.starts_with('[') ? host.substr(1, host.find(']') - 1) : host;
  text = text.substr(0, text.find('%'));  // a zone (fe80::1%25eth0)
  struct in6_addr ipv6 {};
  return ::inet_pton(AF_INET6, text.c_str(), &ipv6) == 1 && ipv6_test(to_bytes(ipv6));
}

}  // namespace

bool is_denied_address(const struct sockaddr* address) { return ask(address, is_denied_ipv4, is_denied_ipv6); }

bool is_denied_literal(const std::string& host) { return ask(host, is_denied_ipv4, is_denied_ipv6); }

bool is_private_address(const struct sockaddr* address) { return ask(address, is_private_ipv4, is_private_ipv6); }

bool is_private_literal(const std::string& host) {
  const std::string name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
  return name == "localhost" || name.ends_with(".localhost") || ask(name, is_private_ipv4, is_private_ipv6);
}

bool has_denied_address(const std::string& host) {
  if (is_denied_literal(host)) return true;
  struct addrinfo hints {};
  hints.ai_socktype = SOCK_STREAM;
  struct addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
  const std::unique_ptr<struct addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  for (const struct addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (is_denied_address(entry->ai_addr)) return true;
  }
  return false;
}

}  // namespace jcb::oci
