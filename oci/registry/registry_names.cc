// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/registry_names.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr std::string_view k_docker_hub = "docker.io";
constexpr std::array<std::string_view, 5> k_docker_hub_names{"", "docker.io", "index.docker.io", "registry-1.docker.io",
                                                             "registry.hub.docker.com"};

}  // namespace

std::string make_registry(std::string_view host) {
  const std::string lower = util::to_lower(host);
  const bool is_hub = std::find(k_docker_hub_names.begin(), k_docker_hub_names.end(), lower) != k_docker_hub_names.end();
  return is_hub ? std::string(k_docker_hub) : lower;
}

RegistryName make_registry_name(std::string_view host, std::string_view repository) {
  RegistryName name{make_registry(host), std::string(repository)};
  const bool is_official = name.registry == k_docker_hub && !name.repository.empty() && name.repository.find('/') == std::string::npos;
  if (is_official) name.repository.insert(0, "library/");
  return name;
}

std::string make_server(std::string_view registry) { return registry == k_docker_hub ? "registry-1.docker.io" : std::string(registry); }

std::string without_port(std::string_view host) {
  if (host.starts_with('[')) return std::string(host.substr(1, host.find(']') - 1));
  return std::string(host.substr(0, host.find(':')));
}

bool is_loopback_host(std::string_view host) {
  const std::string name = util::to_lower(without_port(host));
  if (name == "localhost") return true;
  struct in_addr ipv4 {};
  if (::inet_pton(AF_INET, name.c_str(), &ipv4) == 1) return ntohl(ipv4.s_addr) >> 24 == 127;
  struct in6_addr ipv6 {};
  return ::inet_pton(AF_INET6, name.c_str(), &ipv6) == 1 && std::equal(ipv6.s6_addr, ipv6.s6_addr + 16, in6addr_loopback.s6_addr);
}

}  // namespace jcb::oci
