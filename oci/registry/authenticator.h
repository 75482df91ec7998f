// SPDX-License-Identifier: Apache-2.0
// The Authorization header for one registry: HTTP Basic, or bearer tokens (distribution's token and OAuth 2
// specifications). A token is bound to (registry origin, set of scopes) and asked for once, however many threads want it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/registry/credentials.h"
#include "oci/registry/http.h"
#include "oci/registry/http_url.h"

namespace jcb::oci {

/// What a request needs to be allowed, in the order of importance: "repository:library/ubuntu:pull". Some servers read
/// only the first.
using Scopes = std::vector<std::string>;

struct AuthenticatorOptions {
  std::string registry;        ///< for messages: "docker.io"
  Credential credential;       ///< may be empty: anonymous
  std::string recorded_realm;  ///< from login, or empty
  bool plain_http = false;     ///< the user allows http: realms may be http, and credentials may go over it
  /// For `login` alone, whose user says by it that this registry is to have the credential: any https realm outside of
  /// private networks gets it; `realm` is to be recorded then.
  bool trust_realm = false;
  std::function<std::chrono::steady_clock::time_point()> clock = std::chrono::steady_clock::now;
};

/// Thread-safe.
class Authenticator {
 public:
  /// `http` is borrowed.
  Authenticator(HttpClient& http, AuthenticatorOptions options);
  ~Authenticator();

  /// The header's value for a request to the registry's own origin, or nothing when none is known to be needed. Asks for a
  /// token where the challenge is known and there is none that lives for `needed` more (three quarters of a token's life at
  /// most). Throws Error(refused) when the credentials are not accepted or may not be sent to where the challenge points.
  std::optional<std::string> find_authorization(const HttpUrl& origin, const Scopes& scopes,
                                                std::chrono::seconds needed = std::chrono::seconds(30));
  /// Takes a 401 (or a 403 with a challenge) that came although `sent` was sent. Returns whether the request should be sent
  /// again with what find_authorization now says; false: there is nothing more to try. A scope that the server names and
  /// that was not asked for is added once. A 401 without a challenge teaches nothing: learn from the answer to GET /v2/
  /// instead. Throws Error(invalid) for a malformed challenge, Error(refused) for a realm that the rules forbid.
  bool learn(const HttpResponse& response, const HttpUrl& origin, const Scopes& scopes, const std::optional<std::string>& sent);
  /// The realm of the last challenge, to be recorded at login; empty: Basic, or none.
  std::string realm() const;
  bool has_credential() const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace jcb::oci
