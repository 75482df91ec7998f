// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "cdi/spec.h"

namespace jcb::cdi {

/// What the host has under a path: a device or a fifo.
struct HostNode {
  std::string type;  ///< "b", "c" or "p"
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::uint32_t mode = 0;  ///< permission bits
  bool operator==(const HostNode&) const = default;
};

/// Looks a node up; nothing when nothing of the kind is there. A seam for tests.
using HostNodes = std::function<std::optional<HostNode>(const std::string& path)>;

/// lstat(2) of this machine's node. Links are not followed: what is in the container is then what was looked at.
std::optional<HostNode> find_host_node(const std::string& path);

/// The node with everything that it leaves out taken from the host's: path on the host, type, numbers, mode. A node that
/// gives its type and its number (or is a fifo) need not be there. Throws Error(not_found) for a missing one and
/// Error(invalid) for one of another type.
DeviceNode complete_node(DeviceNode node, const HostNodes& host);

}  // namespace jcb::cdi
