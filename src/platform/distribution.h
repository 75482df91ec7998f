// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "platform/version.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::platform {

/// A distribution release, as os-release and LSB name it.
struct Distribution {
  std::string id;        ///< "debian", "ubuntu"
  std::string version;   ///< "12", "22.04"
  std::string codename;  ///< "bookworm", "jammy"
  bool operator==(const Distribution&) const = default;
};

/// A release by "ubuntu:24.04", "ubuntu:noble", "debian:12", or by version or codename alone ("24.04", "noble");
/// nothing when not known.
std::optional<Distribution> find_distribution(std::string_view id_and_version_or_codename);

/// "debian:11", "debian:12", ...: every release that find_distribution knows, for messages.
std::vector<std::string> known_distributions();

/// The Python that the release calls python3; for a release newer than our table that of the newest one in it. Empty
/// for an unknown distribution.
Version default_python(const Distribution& distribution);

}  // namespace jcb::platform
