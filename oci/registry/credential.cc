// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/credential.h"

#include <string.h>

namespace jcb::oci {

void wipe(std::string& secret) noexcept {
  ::explicit_bzero(secret.data(), secret.size());
  secret.clear();
}

Credential::~Credential() {
  for (std::string* secret : {&password, &identity_token, &registry_token}) wipe(*secret);
}

}  // namespace jcb::oci
