// SPDX-License-Identifier: Apache-2.0
// The file in which docker (config.json) and podman (containers-auth.json(5)) keep credentials:
//   {"auths": {KEY: {"auth": base64("user:password"), "username", "password", "identitytoken", "registrytoken"}},
//    "credHelpers": {KEY: NAME}, "credsStore": NAME, ...}
// and docker's older ~/.dockercfg, which is the object behind "auths" alone.
//
// KEY is what decides: podman's may hold a part of the repository ("quay.io/team"), docker's a scheme and a path
// ("https://index.docker.io/v1/"), and Docker Hub goes by several names. Keys are compared in one form: host, or
// host/namespace, without a scheme, Docker Hub as docker.io.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/registry/credential.h"
#include "util/json.h"

namespace jcb::oci {

/// The form in which keys and registries are compared: "https://index.docker.io/v1/" is "docker.io".
std::string make_auth_key(std::string_view key);

/// The server that docker's helpers know a registry by: its host, and for Docker Hub "https://index.docker.io/v1/".
std::string make_helper_server(std::string_view registry);

/// One parsed auth file. Its text holds secrets and is overwritten when it goes.
class AuthFile {
 public:
  enum class Format { config, dockercfg };
  /// Parses a file; "" is an empty one. `thing` names it in messages, which never quote it. Throws Error(invalid).
  static AuthFile parse(std::string_view text, std::string thing, Format format = Format::config);
  AuthFile(const AuthFile&) = delete;
  AuthFile& operator=(const AuthFile&) = delete;
  AuthFile(AuthFile&&) = default;
  AuthFile& operator=(AuthFile&&) = default;
  ~AuthFile();

  /// The entry for a repository, the most specific key first (host/a/b, host/a, host), or nothing: no entry, or an empty
  /// one, as docker leaves it when a helper has the secret. Throws Error(invalid) for a malformed entry.
  std::optional<Credential> find(std::string_view registry, std::string_view repository) const;
  /// The helper for a registry: credHelpers' before credsStore; "" is none. Throws Error(invalid).
  std::string find_helper(std::string_view registry) const;
  bool has_entry(std::string_view registry) const;
  /// The keys of all entries, in the form of make_auth_key, sorted; empty ones too when `with_empty`.
  std::vector<std::string> registries(bool with_empty) const;
  /// The names of all helpers, sorted.
  std::vector<std::string> helpers() const;

  /// Sets the entry of a registry under `key` (`new_key` where it has none yet); its unknown fields stay. An empty
  /// credential makes an empty entry.
  void set(std::string_view registry, const std::string& new_key, const Credential& credential);
  /// Removes all entries of a registry. Returns whether there was one.
  bool erase(std::string_view registry);
  /// The file's text, with everything that was not changed.
  std::string text() const;

 private:
  AuthFile(util::Json json, std::string thing, Format format) : m_json(std::move(json)), m_thing(std::move(thing)), m_format(format) {}
  const util::Json* find_object(const char* name) const;
  util::Json& entries();
  const util::Json* find_entries() const { return m_format == Format::dockercfg ? &m_json : find_object("auths"); }
  Credential read_entry(const std::string& key, const util::Json& entry) const;

  util::Json m_json;
  std::string m_thing;
  Format m_format;
};

}  // namespace jcb::oci
