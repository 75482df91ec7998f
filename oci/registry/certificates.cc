// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/certificates.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "oci/reference.h"
#include "oci/registry/config_paths.h"
#include "oci/registry/registry_names.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> search_path(const HostOptions& options) {
  std::vector<fs::path> directories;
  if (const auto own = find_config_home(options)) directories.push_back(*own / "containers/certs.d");
  directories.push_back(system_path(options, "etc/containers/certs.d"));
  directories.push_back(system_path(options, "etc/docker/certs.d"));
  return directories;
}

bool has_directory(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

// docker.io's directory may also be called as its server. What reaches a path here has no slash and no dots alone.
fs::path find_directory(const HostOptions& options, const std::string& registry) {
  if (!is_registry_host(registry)) throw Error(ErrorKind::usage, "'" + util::escape_text(registry) + "' is not the name of a registry");
  for (const fs::path& directory : search_path(options)) {
    for (const std::string& name : {registry, make_server(registry)}) {
      if (has_directory(directory / name)) return directory / name;
    }
  }
  return {};
}

std::string without(const std::string& name, std::string_view suffix) { return name.substr(0, name.size() - suffix.size()); }

// The names before `suffix`, each of which needs a file that ends in `other`.
std::vector<std::string> list_stems(const fs::path& directory, std::string_view suffix, std::string_view other, const char* hint) {
  const auto others = list_files(directory, other);
  std::vector<std::string> stems;
  for (const std::string& name : list_files(directory, suffix)) {
    stems.push_back(without(name, suffix));
    const std::string needed = stems.back() + std::string(other);
    if (!std::binary_search(others.begin(), others.end(), needed))
      throw Error(ErrorKind::invalid, (directory / name).native() + " has no " + needed + " beside it", hint);
  }
  return stems;
}

Certificates read_directory(const fs::path& directory) {
  Certificates certificates;
  for (const std::string& name : list_files(directory, ".crt")) certificates.authorities.push_back(directory / name);
  const auto stems = list_stems(directory, ".cert", ".key", "authorities are called *.crt, client certificates *.cert with their *.key");
  list_stems(directory, ".key", ".cert", "client certificates are called *.cert");
  if (stems.empty()) return certificates;
  certificates.certificate = directory / (stems.front() + ".cert");
  certificates.key = directory / (stems.front() + ".key");
  return certificates;
}

}  // namespace

Certificates find_certificates(const HostOptions& options, const std::string& registry) {
  if (!options.certificates.empty()) {
    if (!has_directory(options.certificates))
      throw Error(ErrorKind::not_found, options.certificates.native() + ", which --cert-dir names, is no directory");
    return read_directory(options.certificates);
  }
  const fs::path directory = find_directory(options, registry);
  return directory.empty() ? Certificates{} : read_directory(directory);
}

}  // namespace jcb::oci
