// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/hosts.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "oci/registry/certificates.h"
#include "oci/registry/daemon_json.h"
#include "oci/registry/name_prefix.h"
#include "oci/registry/registries_files.h"
#include "oci/registry/short_names.h"
#include "util/text.h"

namespace jcb::oci {

struct Hosts::Config {
  HostOptions options;
  RegistriesConf registries;
  DaemonSettings daemon;  ///< for what `registries` has no table for
  std::vector<std::string> credential_helpers;

  Endpoint make_endpoint(const RegistryName& name, bool insecure) const;
  Endpoint make_registry_endpoint(const RegistryName& name, const RegistryTable* table) const;
  std::vector<Endpoint> mirrors(const RegistryName& name, const RegistryTable& table, bool by_digest) const;
  std::vector<Endpoint> daemon_mirrors(const RegistryName& name) const;
  /// The table for a reference, or null. Throws Error(refused) when it blocks.
  const RegistryTable* find_open_table(const Reference& reference) const;
};

namespace {

void refuse_blocked(const RegistryTable* table, const std::string& name) {
  if (table == nullptr || !table->blocked) return;
  throw Error(ErrorKind::refused, "cannot use " + name + ": '" + table->prefix + "' is blocked by " + table->file);
}

bool is_for(const MirrorTable& mirror, bool by_digest) { return by_digest ? !mirror.tags_only : !mirror.digests_only; }

}  // namespace

// The command line's word on TLS is the last; where it says that servers are to be verified, this machine's are, too.
Endpoint Hosts::Config::make_endpoint(const RegistryName& name, bool insecure) const {
  Endpoint endpoint;
  endpoint.host = make_server(name.registry);
  endpoint.registry = name.registry;
  endpoint.repository = name.repository;
  endpoint.tls.insecure_everywhere = !options.verify_tls.value_or(true);
  endpoint.tls.insecure = options.verify_tls ? !*options.verify_tls : insecure;
  endpoint.plain_http = endpoint.tls.insecure || (!options.verify_tls && is_loopback_host(endpoint.host));
  const Certificates certificates = find_certificates(options, name.registry);
  endpoint.tls.authorities = certificates.authorities;
  endpoint.tls.client_certificate = certificates.certificate;
  endpoint.tls.client_key = certificates.key;
  return endpoint;
}

Endpoint Hosts::Config::make_registry_endpoint(const RegistryName& name, const RegistryTable* table) const {
  return make_endpoint(name, table != nullptr ? table->insecure : is_insecure(daemon.insecure, name.registry));
}

std::vector<Endpoint> Hosts::Config::mirrors(const RegistryName& name, const RegistryTable& table, bool by_digest) const {
  std::vector<Endpoint> endpoints;
  for (const MirrorTable& mirror : table.mirrors) {
    if (!is_for(mirror, by_digest)) continue;
    Endpoint endpoint = make_endpoint(replace_prefix(name, table.prefix, mirror.location), mirror.insecure);
    endpoint.is_mirror = true;
    endpoint.digests_only = mirror.digests_only;
    endpoint.tags_only = mirror.tags_only;
    endpoints.push_back(std::move(endpoint));
  }
  return endpoints;
}

std::vector<Endpoint> Hosts::Config::daemon_mirrors(const RegistryName& name) const {
  if (name.registry != make_registry("")) return {};
  std::vector<Endpoint> endpoints;
  for (const DaemonMirror& mirror : daemon.mirrors) {
    Endpoint endpoint = make_endpoint({mirror.host, name.repository}, is_insecure(daemon.insecure, mirror.host));
    endpoint.is_mirror = true;
    endpoint.plain_http = endpoint.plain_http || (mirror.plain_http && !options.verify_tls.value_or(false));
    endpoints.push_back(std::move(endpoint));
  }
  return endpoints;
}

const RegistryTable* Hosts::Config::find_open_table(const Reference& reference) const {
  const RegistryTable* table = find_table(registries.registries, reference);
  refuse_blocked(table, reference.text());
  return table;
}

Hosts Hosts::load(const HostOptions& options) {
  auto config = std::make_shared<Config>();
  config->options = options;
  config->registries = load_registries_conf(options);
  if (options.registries_conf.empty()) config->daemon = load_daemon_settings(options);
  config->credential_helpers = config->registries.credential_helpers.value_or(std::vector<std::string>{});
  return Hosts(std::move(config));
}

std::vector<Endpoint> Hosts::pull_endpoints(const Reference& reference) const {
  const RegistryTable* table = m_config->find_open_table(reference);
  const RegistryName name = make_registry_name(reference.host(), reference.repository());
  auto endpoints = table != nullptr ? m_config->mirrors(name, *table, reference.digest().has_value()) : m_config->daemon_mirrors(name);
  const bool is_moved = table != nullptr && !table->location.empty();
  endpoints.push_back(m_config->make_registry_endpoint(is_moved ? replace_prefix(name, table->prefix, table->location) : name, table));
  return endpoints;
}

Endpoint Hosts::push_endpoint(const Reference& reference) const {
  const RegistryTable* table = m_config->find_open_table(reference);
  return m_config->make_registry_endpoint(make_registry_name(reference.host(), reference.repository()), table);
}

Endpoint Hosts::host_endpoint(const std::string& host) const {
  if (!is_registry_host(host)) throw Error(ErrorKind::usage, "'" + util::escape_text(host) + "' is not the name of a registry");
  const RegistryTable* table = find_host_table(m_config->registries.registries, host);
  refuse_blocked(table, host);
  return m_config->make_registry_endpoint(make_registry_name(host, ""), table);
}

std::vector<Reference> Hosts::expand_short_name(const Reference& reference) const {
  return oci::expand_short_name(m_config->registries, reference);
}

const std::vector<std::string>& Hosts::credential_helpers() const { return m_config->credential_helpers; }

const std::vector<std::string>& Hosts::notes() const { return m_config->daemon.notes; }

}  // namespace jcb::oci
