// SPDX-License-Identifier: Apache-2.0
// What dockerd's daemon.json says of registries, for those who come from docker: `registry-mirrors` (of docker.io alone)
// and `insecure-registries` (HOST[:PORT], or networks as ADDRESS/BITS). Networks are compared with hosts that are written
// as addresses; unlike in dockerd no name is looked up for it, for what DNS says must not decide whether TLS is needed.
// It is another program's file: what is wrong in it is a note, not an error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oci/registry/hosts.h"

namespace jcb::oci {

/// A server for docker.io.
struct DaemonMirror {
  std::string host;
  bool plain_http = false;
};

/// What all daemon.json files say together.
struct DaemonSettings {
  std::vector<DaemonMirror> mirrors;
  std::vector<std::string> insecure;  ///< hosts and networks as written, scheme taken off
  std::vector<std::string> notes;
};

/// Reads /etc/docker/daemon.json and the user's docker/daemon.json.
DaemonSettings load_daemon_settings(const HostOptions& options);

/// Whether one of the entries is for `host` ("10.0.0.2:5000").
bool is_insecure(const std::vector<std::string>& entries, std::string_view host);

}  // namespace jcb::oci
