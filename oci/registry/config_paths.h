// SPDX-License-Identifier: Apache-2.0
// Where containers' configuration is looked for; internal to oci/registry.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "oci/registry/hosts.h"

namespace jcb::oci {

/// The value of a variable, or empty.
std::string find_variable(const HostOptions& options, const char* name);
/// The user's own configuration directory: $XDG_CONFIG_HOME, else $HOME/.config, or nothing when neither is absolute.
std::optional<std::filesystem::path> find_config_home(const HostOptions& options);
/// A path of the system, such as "etc/containers", below HostOptions::root.
std::filesystem::path system_path(const HostOptions& options, const std::string& relative);

/// The names of the files in a directory, sorted, that end in `suffix` and have something before it; none when there is no
/// such directory.
std::vector<std::string> list_files(const std::filesystem::path& directory, std::string_view suffix);

}  // namespace jcb::oci
