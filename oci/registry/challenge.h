// SPDX-License-Identifier: Apache-2.0
// WWW-Authenticate (RFC 9110 section 11.6.1):
//   field      = #challenge                       several in one field, or several fields
//   challenge  = scheme [ 1*SP ( token68 / #param ) ]
//   param      = token BWS "=" BWS ( token / quoted-string )
// Commas part both challenges and parameters: what follows one is a parameter when a "=" comes after its first token,
// else the next challenge. What a server says wrongly is refused rather than guessed: it decides where passwords go.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "oci/registry/http.h"

namespace jcb::oci {

/// One way to authenticate that a server offers.
struct Challenge {
  std::string scheme;                                           ///< lower case: "basic", "bearer"
  std::string token68;                                          ///< mostly empty
  std::vector<std::pair<std::string, std::string>> parameters;  ///< names in lower case, each once

  /// The parameter's value, or nothing.
  std::optional<std::string> find(std::string_view name) const;
  bool operator==(const Challenge&) const = default;
};

/// The challenges of one field. Throws Error(invalid): malformed, a parameter twice, a control character, above 64 KiB or
/// 100 challenges.
std::vector<Challenge> parse_challenges(std::string_view field);
/// The challenges of all WWW-Authenticate fields; the limits are for all together. Throws Error(invalid).
std::vector<Challenge> parse_challenges(const HttpHeaders& headers);

}  // namespace jcb::oci
