// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "oci/reference.h"
#include "oci/registry/hosts.h"
#include "oci/registry/registry_client.h"

namespace jcb::oci {

struct RegistriesOptions {
  HostOptions hosts;
  CredentialOptions credentials;
  HttpRules rules;
  HttpProxies proxies;
  std::function<void(const std::string&)> on_note;  ///< warnings for the user; any thread
};

/// All registries of one invocation. Thread-safe.
class Registries {
 public:
  explicit Registries(RegistriesOptions options);
  ~Registries();

  /// A client that has `reference`: short names expanded, mirrors tried in order. The first place that has the manifest is
  /// taken; a place that cannot be reached or lacks it is passed over with a note. The manifest's descriptor comes with it.
  /// Throws Error(not_found) when nobody has it; where a single place was asked, its own error.
  struct Found {
    std::shared_ptr<RegistryClient> client;
    Reference reference;    ///< with its host
    Descriptor descriptor;  ///< what the tag or digest stands for
  };
  Found find(const Reference& reference);
  /// A client for writing.
  std::shared_ptr<RegistryClient> open_for_push(const Reference& reference);
  /// A client that reads one repository: "docker.io/library/ubuntu", as RemoteBlobs::name gives it.
  std::shared_ptr<RegistryClient> open_by_name(const std::string& name);
  const Hosts& hosts() const;
  CredentialStore& credentials();
  /// For `login`: a client of a bare host that uses `credential` alone.
  std::shared_ptr<RegistryClient> open_host(const std::string& host, const Credential& credential);

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace jcb::oci
