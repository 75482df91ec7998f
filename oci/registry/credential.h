// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace jcb::oci {

/// Overwrites and empties a secret, so that neither freed memory nor a core file holds it.
void wipe(std::string& secret) noexcept;

/// What a registry is told. Never shown, never logged; overwritten when it goes.
struct Credential {
  std::string username, password;
  std::string identity_token;  ///< an OAuth 2 refresh token, instead of a password
  std::string registry_token;  ///< sent as Bearer as it is
  std::string source;          ///< the file or helper it came from, for messages
  Credential() = default;
  Credential(const Credential&) = default;
  Credential& operator=(const Credential&) = default;
  ~Credential();
  bool empty() const noexcept { return username.empty() && password.empty() && identity_token.empty() && registry_token.empty(); }
};

/// The user name that docker's helpers give when the secret is an identity token.
inline constexpr const char* k_token_user = "<token>";

}  // namespace jcb::oci
