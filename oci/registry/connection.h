// SPDX-License-Identifier: Apache-2.0
// One registry host and one user there, shared by all clients of an invocation: connections, whether it speaks http, its
// tokens, and what it wanted the user to hear.
//
// Nothing is asked in advance: a request goes out with what is known, and its own 401 teaches what is missing. It is sent
// again only as long as there is something new to say, and never more than k_most_lessons times.
//
// Scheme: https. Where the user allows http (a loopback or insecure host) and the server speaks no TLS, or nobody is there,
// the same request goes over http, and so does everything after it once that was answered.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "oci/registry/authenticator.h"
#include "oci/registry/endpoint.h"
#include "oci/registry/registry_client.h"

namespace jcb::oci {

/// A request of a repository.
struct RegistryRequest {
  /// Its URL is a path of the registry ("/v2/...") or the whole URL of an upload.
  HttpRequest http;
  Scopes scopes;
  /// Whether a body is sent again after a 401 that taught something. False: `learned` says so, and the caller, who knows
  /// how far it got, sends again.
  bool resend_body = true;
};

/// A response, and how it came about.
struct RegistryResponse : HttpResponse {
  bool learned = false;  ///< it is a 401 after which the same request may do
  bool as_user = false;  ///< the request had an Authorization header
};

/// Thread-safe.
class RegistryConnection {
 public:
  RegistryConnection(std::shared_ptr<HttpClient> http, const Endpoint& endpoint, AuthenticatorOptions user,
                     std::function<void(const std::string&)> on_note);

  /// Sends. Any status is a result. Throws what HttpClient and Authenticator throw.
  RegistryResponse send(const RegistryRequest& request, HttpSink& sink);
  /// What a Location or Link of `response` stands for; an http URL of this very host gets the scheme that we speak
  /// (reverse proxies forget that they end TLS). Throws Error(refused) where it would lead from https to http.
  HttpUrl resolve(const HttpResponse& response, std::string_view reference) const;
  /// Whether `url` is of the registry itself: only there the user's credentials go.
  bool is_own(const HttpUrl& url) const;
  bool has_credential() const { return m_authenticator.has_credential(); }
  /// Tells the user, each text once.
  void note(const std::string& text);
  HttpClient& http() noexcept { return *m_http; }
  /// For `login`: sends `request` as the user and returns the realm that tokens come from, or "". The realm that the
  /// registry names is trusted here, as the user says just now that the registry is. `check` throws for a bad response.
  std::string check_login(const HttpRequest& request, const std::function<void(const HttpResponse&)>& check);

 private:
  HttpUrl base(const std::string& scheme) const;
  RegistryResponse send_by_http(Authenticator& user, const RegistryRequest& request, HttpSink& sink);
  RegistryResponse send_by_scheme(Authenticator& user, const RegistryRequest& request, HttpSink& sink);
  RegistryResponse send_to(Authenticator& user, const RegistryRequest& request, const std::string& scheme, HttpSink& sink);
  RegistryResponse send_as(Authenticator& user, RegistryRequest request, HttpSink& sink);
  std::optional<HttpResponse> find_challenge(const HttpResponse& response, const HttpUrl& url);
  void read_notes(const HttpResponse& response);
  std::string scheme() const;
  void set_scheme(const std::string& scheme);

  std::shared_ptr<HttpClient> m_http;
  std::string m_host, m_registry;
  bool m_plain_http;
  AuthenticatorOptions m_user;
  Authenticator m_authenticator;
  std::function<void(const std::string&)> m_on_note;
  mutable std::mutex m_mutex;
  std::string m_scheme;  ///< empty: not known yet
  std::set<std::string> m_notes;
};

/// The connections of an invocation, each made when it is first asked for. Thread-safe.
class RegistryConnections {
 public:
  /// The connection to `endpoint` for the user that `context` has for it.
  std::shared_ptr<RegistryConnection> open(const ClientContext& context, const Endpoint& endpoint);

 private:
  std::mutex m_mutex;
  std::map<std::string, std::shared_ptr<RegistryConnection>> m_open;
};

}  // namespace jcb::oci
