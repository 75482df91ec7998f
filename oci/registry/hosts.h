// SPDX-License-Identifier: Apache-2.0
// Which server answers for an image name: containers-registries.conf(5) version 2 with its drop-ins, containers-certs.d(5)
// and docker's /etc/docker/certs.d, and what docker's daemon.json says of mirrors and insecure registries.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "oci/reference.h"
#include "oci/registry/endpoint.h"

namespace jcb::oci {

/// Where configuration is looked for, and what the command line says.
struct HostOptions {
  std::map<std::string, std::string> environment;  ///< HOME, XDG_CONFIG_HOME, CONTAINERS_REGISTRIES_CONF, DOCKER_CONFIG
  std::filesystem::path registries_conf;           ///< --registries-conf: this file alone, and no daemon.json
  std::filesystem::path certificates;              ///< --cert-dir: this directory for every host
  std::optional<bool> verify_tls;                  ///< --tls-verify
  std::filesystem::path root = "/";                ///< /etc is below it; for tests
};

/// The configuration of all registries. Read once; immutable, but for certs.d, which is looked at for each endpoint (and
/// throws Error(invalid) for a certificate without its key).
class Hosts {
 public:
  /// Reads the files. A missing one is fine; a malformed one is Error(invalid) with its name and line.
  static Hosts load(const HostOptions& options);

  /// Where to pull `reference` from, in the order to try: mirrors, then the registry. The reference has a host (see
  /// expand_short_name). Throws Error(refused) for a blocked registry.
  std::vector<Endpoint> pull_endpoints(const Reference& reference) const;
  /// The one place to push to: never a mirror. Throws Error(refused) for a blocked registry.
  Endpoint push_endpoint(const Reference& reference) const;
  /// The endpoint of a bare host, for `login`; repository empty. Throws Error(refused) for a blocked registry, Error(usage)
  /// for what is no host.
  Endpoint host_endpoint(const std::string& host) const;
  /// What a name without a host may mean, in order: its alias, or itself below each unqualified-search registry, or
  /// docker.io where nothing is configured (as docker has it). A name with a host is itself. Throws Error(refused) when the
  /// configuration leaves nothing, or several registries in the mode "enforcing".
  std::vector<Reference> expand_short_name(const Reference& reference) const;
  /// What registries.conf names as credential-helpers, in order; "containers-auth.json" among them stands for auth files.
  const std::vector<std::string>& credential_helpers() const;
  /// What the user should hear, such as that daemon.json was read.
  const std::vector<std::string>& notes() const;

 private:
  struct Config;
  explicit Hosts(std::shared_ptr<const Config> config) : m_config(std::move(config)) {}
  std::shared_ptr<const Config> m_config;
};

}  // namespace jcb::oci
