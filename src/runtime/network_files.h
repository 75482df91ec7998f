// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/container.h"
#include "util/root.h"

#include <string>
#include <vector>

namespace jcb::runtime {

/// A file of the bundle that is bound over one of the image's.
struct NetworkFile {
  std::string name;    ///< in the bundle directory
  std::string target;  ///< in the container
};

/// Writes hosts, hostname and resolv.conf of one container into its bundle directory: copies of the host's with the
/// host's network, a loopback-only set without one. Copies, because the container may write to them.
std::vector<NetworkFile> write_network_files(const util::Root& bundle, const ContainerOptions& options, const std::string& hostname);

}  // namespace jcb::runtime
