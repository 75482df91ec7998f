// SPDX-License-Identifier: Apache-2.0
// Paths below a root as the builder's walks write them: relative, slashes between names, "" for the root itself.
#pragma once

#include <string>
#include <string_view>

namespace jcb::build {

/// `directory`/`name`.
inline std::string join_path(const std::string& directory, std::string_view name) {
  return directory.empty() ? std::string(name) : directory + "/" + std::string(name);
}

/// What follows the last slash.
inline std::string last_part(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

/// What stands before it.
inline std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

}  // namespace jcb::build
