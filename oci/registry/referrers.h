// SPDX-License-Identifier: Apache-2.0
// What refers to a manifest (distribution-spec, "Listing Referrers"): the referrers API, or, where a registry lacks it, an
// index under a tag made of the digest.
#pragma once

#include <string>
#include <vector>

#include "oci/registry/registry_client.h"

namespace jcb::oci {

/// "sha256-" and the digits.
std::string referrers_tag(const Digest& subject);

/// The entries under that tag; empty when it is not there.
std::vector<Descriptor> read_referrers_tag(RegistryClient& client, const Digest& subject);

/// After a manifest with a `subject` was stored: adds it to the index of its subject, unless `response` says by OCI-Subject
/// that the registry does so by itself. Two clients that do it at once may lose one of their entries, as the spec concedes.
void list_as_referrer(RegistryClient& client, const HttpResponse& response, const Descriptor& stored, const std::string& bytes);

}  // namespace jcb::oci
