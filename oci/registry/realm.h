// SPDX-License-Identifier: Apache-2.0
// Whether the place that a challenge names for tokens may be asked, and whether it may see the user's credentials. A registry
// that is run by others, or was taken over, can name any place.
#pragma once

#include <string>
#include <string_view>

#include "oci/registry/http_url.h"

namespace jcb::oci {

/// Whether two hosts are run by the same people: the same name, or names with the same last two labels. Addresses, names
/// of one label, and names below a suffix where everybody can have one (co.uk, github.io, azurecr.io) must be the same.
bool is_same_site(std::string_view host, std::string_view other);

/// What speaks for sending credentials to a realm.
struct RealmQuestion {
  std::string registry;        ///< "docker.io"
  HttpUrl origin;              ///< the registry's, as connected to
  HttpUrl realm;               ///< what the challenge names
  std::string recorded_realm;  ///< what it named at login, or empty
};

/// Whether the realm may get the registry's credentials: it is of the same site, is known to belong to the registry
/// (auth.docker.io), or was recorded at login.
bool may_send_credentials(const RealmQuestion& question);

}  // namespace jcb::oci
