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

bool is_denied_ipv6(const Bytes& address) {
  static constexpr Bytes metadata{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};  // fd00:ec2::254
  if (address[0] == 0xfe && (address[1] & 0xc0) == 0x80) return true;
  if (address == metadata) return true;
  const bool mapped = starts_with(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff});
  const bool nat64 = starts_with(address, {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0});
  const auto ipv4 = std::uint32_t{address[12]} << 24 | std::uint32_t{address[13]} << 16 | std::uint32_t{address[14]} << 8 | address[15];
  return (mapped || nat64) && is_denied_ipv4(ipv4);
}

Bytes to_bytes(const struct in6_addr& address) {
  Bytes bytes;
  std::memcpy(bytes.data(), address.s6_addr, bytes.size());
  return bytes;
}

}  // namespace

bool is_denied_address(const struct sockaddr* address) {
  if (address->sa_family == AF_INET) {
    struct sockaddr_in ipv4 {};
    std::memcpy(&ipv4, address, sizeof ipv4);
    return is_denied_ipv4(ntohl(ipv4.sin_addr.s_addr));
  }
  if (address->sa_family != AF_INET6) return false;
  struct sockaddr_in6 ipv6 {};
  std::memcpy(&ipv6, address, sizeof ipv6);
  return is_denied_ipv6(to_bytes(ipv6.sin6_addr));
}

bool is_denied_literal(const std::string& host) {
  struct in_addr ipv4 {};
  if (::inet_aton(host.c_str(), &ipv4) != 0) return is_denied_ipv4(ntohl(ipv4.s_addr));
  std::string text = host.starts_with('[') ? host.substr(1, host.find(']') - 1) : host;
  text = text.substr(0, text.find('%'));  // a zone (fe80::1%25eth0)
  struct in6_addr ipv6 {};
  return ::inet_pton(AF_INET6, text.c_str(), &ipv6) == 1 && is_denied_ipv6(to_bytes(ipv6));
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
