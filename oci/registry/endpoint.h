// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "oci/registry/curl_http.h"

namespace jcb::oci {

/// One place that answers for a repository: the registry itself, or a mirror of it.
struct Endpoint {
  std::string host;        ///< as connected to: "registry-1.docker.io", "localhost:5000"
  std::string repository;  ///< path below /v2/: "library/ubuntu"
  /// How messages, origins and auth files call it: "docker.io" for Docker Hub, else `host`.
  std::string registry;
  bool is_mirror = false;                        ///< reads only; the registry's own credentials do not go there
  bool plain_http = false;                       ///< http may be tried after https: insecure by configuration or flag, or a loopback host
  bool digests_only = false, tags_only = false;  ///< which references a mirror is asked for
  HttpTls tls;                                   ///< certs.d of the host, and `insecure`

  /// "docker.io/library/ubuntu".
  std::string name() const { return registry + "/" + repository; }
};

}  // namespace jcb::oci
