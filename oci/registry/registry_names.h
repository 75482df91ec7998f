// SPDX-License-Identifier: Apache-2.0
// What registries are called. Docker Hub has many names and its server yet another; all else is called as its host.
#pragma once

#include <string>
#include <string_view>

#include "oci/reference.h"

namespace jcb::oci {

/// A repository in one spelling: host in lower case, Docker Hub as "docker.io", its one-component names below "library/".
struct RegistryName {
  std::string registry;    ///< "docker.io", "localhost:5000"
  std::string repository;  ///< "library/ubuntu"

  std::string text() const { return registry + "/" + repository; }
};

/// The registry that a host is called by: "docker.io" for docker.io, index.docker.io, registry-1.docker.io,
/// registry.hub.docker.com and for none; else the host in lower case.
std::string make_registry(std::string_view host);
RegistryName make_registry_name(std::string_view host, std::string_view repository);

/// The server of a registry: "registry-1.docker.io" for Docker Hub, else itself.
std::string make_server(std::string_view registry);

/// The host without port and brackets.
std::string without_port(std::string_view host);
/// Whether a host (with or without port) is this machine by its text: localhost, 127.0.0.0/8, ::1.
bool is_loopback_host(std::string_view host);

}  // namespace jcb::oci
