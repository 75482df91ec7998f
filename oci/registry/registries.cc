// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/registries.h"

#include <map>
#include <mutex>
#include <set>

#include "jcbuild/error.h"
#include "oci/registry/connection.h"

namespace jcb::oci {
namespace {

// Passes each text on once, from any thread.
std::function<void(const std::string&)> make_notes(std::function<void(const std::string&)> on_note) {
  struct Seen {
    std::mutex mutex;
    std::set<std::string> texts;
  };
  return [seen = std::make_shared<Seen>(), on_note = std::move(on_note)](const std::string& text) {
    const std::lock_guard lock(seen->mutex);
    if (on_note && seen->texts.insert(text).second) on_note(text);
  };
}

// The host of an endpoint without its port, as CurlOptions wants it.
std::string host_name(const std::string& host) { return HttpUrl::parse("https://" + host + "/").host; }

// The connections of an endpoint: one CurlHttp for each host and its TLS, whatever the repository.
class Connections {
 public:
  Connections(HttpRules rules, HttpProxies proxies) : m_rules(rules), m_proxies(std::move(proxies)) {}

  std::shared_ptr<HttpClient> open(const Endpoint& endpoint) {
    const std::lock_guard lock(m_mutex);
    for (const auto& [host, tls, http] : m_open) {
      if (host == endpoint.host && tls == endpoint.tls) return http;
    }
    auto http = std::make_shared<CurlHttp>(CurlOptions{m_rules, m_proxies, endpoint.tls, host_name(endpoint.host)});
    m_open.push_back({endpoint.host, endpoint.tls, http});
    return http;
  }

 private:
  struct Open {
    std::string host;
    HttpTls tls;
    std::shared_ptr<HttpClient> http;
  };
  HttpRules m_rules;
  HttpProxies m_proxies;
  std::mutex m_mutex;
  std::vector<Open> m_open;
};

CredentialOptions with_helpers(CredentialOptions options, const Hosts& hosts) {
  if (options.helpers.empty()) options.helpers = hosts.credential_helpers();
  return options;
}

CredentialOptions without_given(CredentialOptions options) {
  options.given.reset();
  return options;
}

// What a manifest is asked for by: a digest stays what it is, a tag may have moved since.
std::string manifest_of(const Reference& reference) {
  if (reference.digest()) return reference.digest()->text();
  return reference.tag().empty() ? "latest" : reference.tag();
}

bool answers_for(const Endpoint& endpoint, const Reference& reference) {
  return reference.digest() ? !endpoint.tags_only : !endpoint.digests_only;
}

}  // namespace

struct Registries::State {
  Hosts hosts;
  std::function<void(const std::string&)> note;
  std::shared_ptr<Connections> connections;
  ClientContext context;
  /// Without --creds: they are for the registries that the user named, not for a mirror or for where a blob once came from.
  ClientContext stored_context;
  std::mutex mutex;
  std::map<std::string, Endpoint> known;  ///< by name: where manifests were found
  std::set<std::string> named;            ///< registries

  explicit State(const RegistriesOptions& options)
      : hosts(Hosts::load(options.hosts)),
        note(make_notes(options.on_note)),
        connections(std::make_shared<Connections>(options.rules, options.proxies)) {
    const CredentialOptions credentials = with_helpers(options.credentials, hosts);
    context.make_http = [connections = connections](const Endpoint& endpoint) { return connections->open(endpoint); };
    context.on_note = note;
    context.connections = std::make_shared<RegistryConnections>();
    stored_context = context;
    context.credentials = std::make_shared<CredentialStore>(credentials);
    stored_context.credentials = std::make_shared<CredentialStore>(without_given(credentials));
    for (const std::string& text : hosts.notes()) note(text);
  }

  /// A client of a place that the user named, or of a mirror of it.
  std::shared_ptr<RegistryClient> open_named(const Endpoint& endpoint, Access access) {
    if (endpoint.is_mirror) return std::make_shared<RegistryClient>(stored_context, endpoint, access);
    const std::lock_guard lock(mutex);
    named.insert(endpoint.registry);
    return std::make_shared<RegistryClient>(context, endpoint, access);
  }
  std::shared_ptr<RegistryClient> open_other(const Endpoint& endpoint) {
    const std::lock_guard lock(mutex);
    const bool is_named = !endpoint.is_mirror && named.contains(endpoint.registry);
    return std::make_shared<RegistryClient>(is_named ? context : stored_context, endpoint, Access::pull);
  }
  void remember(const Endpoint& endpoint) {
    const std::lock_guard lock(mutex);
    known.insert_or_assign(endpoint.name(), endpoint);
  }
  std::optional<Endpoint> find_known(const std::string& name) {
    const std::lock_guard lock(mutex);
    const auto found = known.find(name);
    return found == known.end() ? std::nullopt : std::optional(found->second);
  }
};

namespace {

// One search for a reference, over all places that it may be in.
class Search {
 public:
  Search(std::function<std::shared_ptr<RegistryClient>(const Endpoint&)> open, std::function<void(const std::string&)> note)
      : m_open(std::move(open)), m_note(std::move(note)) {}

  std::optional<Registries::Found> ask(const Endpoint& endpoint, const Reference& reference) {
    const std::string manifest = manifest_of(reference);
    const std::string place = endpoint.name() + (reference.digest() ? "@" : ":") + manifest;
    try {
      auto client = m_open(endpoint);
      if (auto descriptor = client->find_descriptor(manifest))
        return Registries::Found{std::move(client), reference, std::move(*descriptor)};
      pass_over(Error(ErrorKind::not_found, place + " is not there", "look at its tags and at who may see it"));
    } catch (const Error& error) {
      pass_over(error);
    }
    return std::nullopt;
  }
  void pass_over(const Error& error) { m_failures.push_back(error); }

  /// The places before the one that had it are told about; without one they are the failure.
  void tell() const {
    for (const Error& failure : m_failures) m_note("passed over: " + failure.message());
  }
  [[noreturn]] void fail(const Reference& reference) const {
    if (m_failures.size() == 1) throw Error(m_failures.front());
    Error error(ErrorKind::not_found, "cannot find " + reference.text() + " in any of " + std::to_string(m_failures.size()) + " places",
                m_failures.empty() ? "no mirror or registry is configured to be asked for it" : "");
    std::vector<std::string> lines;
    for (const Error& failure : m_failures) lines.push_back(failure.message());
    error.add_details(std::move(lines));
    throw error;
  }

 private:
  std::function<std::shared_ptr<RegistryClient>(const Endpoint&)> m_open;
  std::function<void(const std::string&)> m_note;
  std::vector<Error> m_failures;
};

}  // namespace

Registries::Registries(RegistriesOptions options) : m_state(std::make_unique<State>(options)) {}

Registries::~Registries() = default;

Registries::Found Registries::find(const Reference& reference) {
  Search search([this](const Endpoint& endpoint) { return m_state->open_named(endpoint, Access::pull); }, m_state->note);
  for (const Reference& full : m_state->hosts.expand_short_name(reference)) {
    for (const Endpoint& endpoint : m_state->hosts.pull_endpoints(full)) {
      if (!answers_for(endpoint, full)) continue;
      auto found = search.ask(endpoint, full);
      if (!found) continue;
      search.tell();
      m_state->remember(endpoint);
      return std::move(*found);
    }
  }
  search.fail(reference);
}

std::shared_ptr<RegistryClient> Registries::open_for_push(const Reference& reference) {
  const auto candidates = m_state->hosts.expand_short_name(reference);
  if (candidates.size() != 1)
    throw Error(ErrorKind::usage, reference.text() + " may be in " + std::to_string(candidates.size()) + " registries",
                "write the registry before it, such as " + candidates.front().text());
  return m_state->open_named(m_state->hosts.push_endpoint(candidates.front()), Access::push);
}

std::shared_ptr<RegistryClient> Registries::open_by_name(const std::string& name) {
  if (const auto known = m_state->find_known(name)) return m_state->open_other(*known);
  const auto endpoints = m_state->hosts.pull_endpoints(Reference::parse(name));
  for (const Endpoint& endpoint : endpoints) {
    if (endpoint.name() == name) return m_state->open_other(endpoint);
  }
  // Moved by the configuration: whoever stands for the name now, the registry itself after its mirrors.
  if (endpoints.empty()) throw Error(ErrorKind::not_found, "no registry answers for " + name);
  return m_state->open_other(endpoints.back());
}

const Hosts& Registries::hosts() const { return m_state->hosts; }

CredentialStore& Registries::credentials() { return *m_state->context.credentials; }

std::shared_ptr<RegistryClient> Registries::open_host(const std::string& host, const Credential& credential) {
  ClientContext alone = m_state->context;
  CredentialOptions options;
  options.given = credential;
  alone.credentials = std::make_shared<CredentialStore>(std::move(options));
  alone.connections = nullptr;
  return std::make_shared<RegistryClient>(alone, m_state->hosts.host_endpoint(host), Access::pull);
}

}  // namespace jcb::oci
