// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/config_paths.h"

#include <sys/stat.h>

#include "util/root.h"

namespace jcb::oci {

std::string find_variable(const HostOptions& options, const char* name) {
  const auto found = options.environment.find(name);
  return found == options.environment.end() ? std::string() : found->second;
}

std::optional<std::filesystem::path> find_config_home(const HostOptions& options) {
  const std::filesystem::path own = find_variable(options, "XDG_CONFIG_HOME");
  if (own.is_absolute()) return own;
  const std::filesystem::path home = find_variable(options, "HOME");
  if (home.is_absolute()) return home / ".config";
  return std::nullopt;
}

std::filesystem::path system_path(const HostOptions& options, const std::string& relative) { return options.root / relative; }

std::vector<std::string> list_files(const std::filesystem::path& directory, std::string_view suffix) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) return {};
  std::vector<std::string> names;
  for (const util::DirEntry& entry : util::Root::open(directory).list()) {
    const bool is_file = entry.type != S_IFDIR && entry.name.size() > suffix.size() && entry.name.ends_with(suffix);
    if (is_file) names.push_back(entry.name);
  }
  return names;
}

}  // namespace jcb::oci
