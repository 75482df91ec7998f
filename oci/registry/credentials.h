// SPDX-License-Identifier: Apache-2.0
// Who the user is to which registry: auth files of podman and docker (containers-auth.json(5), docker's config.json) and
// credential helpers. First hit wins; a file that is there and cannot be read as what it should be is an error.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/registry/credential.h"

namespace jcb::oci {

struct CredentialOptions {
  std::map<std::string, std::string>
      environment;                   ///< HOME, XDG_*, DOCKER_CONFIG, JCBUILD_AUTHFILE, REGISTRY_AUTH_FILE, and what helpers need
  std::filesystem::path authfile;    ///< --authfile: this file alone, as with the two variables
  std::optional<Credential> given;   ///< --creds: for every host
  std::vector<std::string> helpers;  ///< registries.conf's credential-helpers
};

/// The credentials of the user, read when they are asked for. Thread-safe.
class CredentialStore {
 public:
  explicit CredentialStore(CredentialOptions options);
  /// The credential for a repository: `registry` is "docker.io", "nvcr.io", "localhost:5000"; the most specific key of a
  /// file wins (host/a/b, host/a, host). Throws Error(invalid) naming a broken file, Error(failed) naming a helper.
  std::optional<Credential> find(std::string_view registry, std::string_view repository) const;
  /// Keeps a credential (and where its tokens come from, see `realm`): with the helper that is configured, else in the auth
  /// file, made 0600 by rename, other entries and unknown fields as they were. Returns where, for the message.
  std::string store(const std::string& registry, const Credential& credential, const std::string& realm) const;
  /// Forgets it everywhere that `find` would look. Returns the places; empty: there was none.
  std::vector<std::string> erase(const std::string& registry) const;
  /// All registries with a credential, sorted.
  std::vector<std::string> list() const;
  /// The token realm that was recorded at login, or empty.
  std::string recorded_realm(std::string_view registry) const;

 private:
  CredentialOptions m_options;
};

}  // namespace jcb::oci
