// SPDX-License-Identifier: Apache-2.0
// From a session's options to the registries of one invocation.
#include "api/parts.h"
#include "jcbuild/error.h"

namespace jcb {
namespace {

constexpr unsigned k_most_connections = 64;
constexpr unsigned k_most_retries = 100;

oci::Credential parse_credential(const std::string& text) {
  const auto colon = text.find(':');
  if (colon == 0 || colon == std::string::npos)
    throw Error(ErrorKind::usage, "--creds is not USER:PASSWORD", "or log in: jcbuild login HOST");
  oci::Credential credential;
  credential.username = text.substr(0, colon);
  credential.password = text.substr(colon + 1);
  credential.source = "--creds";
  return credential;
}

oci::HttpRules http_rules(const RegistryAccess& access) {
  oci::HttpRules rules;
  if (!access.retries) return rules;
  if (*access.retries > k_most_retries) throw Error(ErrorKind::usage, "--retry is more than 100");
  rules.retries = static_cast<int>(*access.retries);
  rules.connection_retries = std::min(rules.connection_retries, rules.retries);
  return rules;
}

std::unique_ptr<oci::Registries> make_registries(Session::Parts& parts, const RegistryAccess& access) {
  if (access.connections == 0 || access.connections > k_most_connections)
    throw Error(ErrorKind::usage, "--max-connections is not between 1 and 64");
  oci::RegistriesOptions options;
  options.hosts.environment = parts.options.environment;
  options.hosts.registries_conf = access.registries_conf;
  options.hosts.certificates = access.certificates;
  options.hosts.verify_tls = access.verify_tls;
  options.credentials.environment = parts.options.environment;
  options.credentials.authfile = access.authfile;
  if (access.credentials) options.credentials.given = parse_credential(*access.credentials);
  options.rules = http_rules(access);
  options.proxies = parts.proxies();
  options.on_note = [&progress = parts.progress()](const std::string& note) { progress.message(MessageLevel::warning, note); };
  return std::make_unique<oci::Registries>(std::move(options));
}

}  // namespace

oci::Registries& Session::Parts::registries() {
  const std::lock_guard lock(m_registries_mutex);
  if (!m_registries) m_registries = make_registries(*this, options.registry);
  return *m_registries;
}

oci::Registries& Session::Parts::target_registries() {
  if (!options.target_registry) return registries();
  const std::lock_guard lock(m_registries_mutex);
  if (!m_target_registries) m_target_registries = make_registries(*this, *options.target_registry);
  return *m_target_registries;
}

}  // namespace jcb
