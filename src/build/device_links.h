// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cdi/hooks.h"

namespace jcb::build {

/// Where the links of devices lead, among what their mounts show.
class DeviceLinks {
 public:
  /// `mounts`: path in the container -> path of this machine.
  DeviceLinks(const std::map<std::string, std::string>& mounts, const std::vector<cdi::Link>& links);

  /// A path in the container and what of this machine is to be seen there.
  struct Shown {
    std::string path;
    std::string source;
    bool operator==(const Shown&) const = default;
  };
  /// All links that lead to something that a mount shows. Left out are those that lie in a mounted directory, which has them
  /// or cannot be given them, and those that lead into the image or nowhere.
  std::vector<Shown> shown() const;

 private:
  std::optional<std::string> find_source(const std::string& path, int links_left) const;
  bool is_in_mount(const std::string& path) const;

  const std::map<std::string, std::string>& m_mounts;
  std::map<std::string, std::string> m_targets;  // absolute and clean
  std::vector<std::string> m_order;
};

}  // namespace jcb::build
