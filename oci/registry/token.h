// SPDX-License-Identifier: Apache-2.0
// Requests for bearer tokens and what comes back: distribution's token specification (GET with Basic or nothing) and its
// OAuth 2 one (POST of a form).
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "oci/registry/credential.h"
#include "oci/registry/http.h"
#include "oci/registry/http_url.h"

namespace jcb::oci {

/// A token and how long it lives from when it was asked for. Overwritten when it goes.
struct Token {
  std::string value;
  std::chrono::seconds lifetime{60};
  std::string refresh_token;  ///< for the next OAuth request; mostly empty
  Token() = default;
  Token(const Token&) = default;
  Token& operator=(const Token&) = default;
  ~Token();
};

/// What a token is asked for: the challenge's realm and service, and scopes.
struct TokenQuestion {
  HttpUrl realm;
  std::string service;
  std::vector<std::string> scopes;
};

/// The most that a token's answer may hold.
inline constexpr std::uint64_t k_max_token_bytes = 128 << 10;

/// GET, with the credential's user and password (an identity token is taken for a password), or anonymous when it is empty.
HttpRequest make_token_request(const TokenQuestion& question, const Credential& credential);
/// POST that exchanges `refresh_token`. The form has a length (some servers know no chunks).
HttpRequest make_refresh_request(const TokenQuestion& question, std::string_view refresh_token);
/// Reads an answer. `token` before `access_token`; `expires_in` is 60 where it is missing, less or no number, and a day at
/// most; `issued_at` is ignored, as clocks differ. Throws Error(invalid) naming `thing`; never shows the answer.
Token parse_token(std::string_view answer, std::string_view thing);
/// What a refusal says in one clean line of 200 characters at most, or "".
std::string find_refusal_text(std::string_view error_body);

}  // namespace jcb::oci
