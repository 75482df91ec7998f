// SPDX-License-Identifier: Apache-2.0
// containers-certs.d(5): what to trust and who to be at one registry.
//
//   certs.d/HOST[:PORT]/*.crt            authorities, besides the system's
//   certs.d/HOST[:PORT]/NAME.cert .key   a client's certificate and its key
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "oci/registry/hosts.h"

namespace jcb::oci {

/// The files of one registry; empty where there are none.
struct Certificates {
  std::vector<std::filesystem::path> authorities;  ///< sorted by name
  std::filesystem::path certificate, key;          ///< the first pair by name
};

/// The files for `registry` ("docker.io", "localhost:5000"): of --cert-dir, else of the first directory that there is of
/// the user's containers/certs.d, /etc/containers/certs.d and /etc/docker/certs.d. Throws Error(invalid) for a certificate
/// without its key or a key without its certificate, Error(not_found) for a --cert-dir that is none, Error(usage) for a
/// text that is no registry's name: nothing is looked up then.
Certificates find_certificates(const HostOptions& options, const std::string& registry);

}  // namespace jcb::oci
