// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/auth_file.h"

#include <algorithm>
#include <set>

#include "jcbuild/error.h"
#include "oci/registry/base64.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr std::size_t k_max_bytes = 4 << 20;
constexpr std::size_t k_max_depth = 16;
constexpr std::string_view k_hub_names[] = {"docker.io", "index.docker.io", "registry-1.docker.io"};
constexpr const char* k_secret_fields[] = {"auth", "username", "password", "identitytoken", "registrytoken"};

void wipe_strings(util::Json& json) {
  if (json.is_string()) return wipe(json.get_ref<std::string&>());
  if (!json.is_structured()) return;
  for (auto& child : json) wipe_strings(child);
}

// Keys from the most specific: "h/a/b", "h/a", "h".
std::vector<std::string> candidates(std::string_view registry, std::string_view repository) {
  std::vector<std::string> keys;
  std::string key = make_auth_key(registry) + (repository.empty() ? "" : "/" + std::string(repository));
  const std::size_t shortest = make_auth_key(registry).size();
  for (; key.size() > shortest; key.resize(std::max(shortest, key.rfind('/')))) keys.push_back(key);
  keys.push_back(key);
  return keys;
}

}  // namespace

std::string make_auth_key(std::string_view key) {
  const auto scheme = key.find("://");
  if (scheme != std::string_view::npos) key.remove_prefix(scheme + 3);
  while (key.ends_with('/')) key.remove_suffix(1);
  std::string host = util::to_lower(key.substr(0, key.find('/')));
  std::string_view path = key.substr(host.size());
  // What docker writes after a host is the version of the protocol; a namespace is podman's, who writes no scheme.
  if (scheme != std::string_view::npos || path == "/v1" || path == "/v2") path = {};
  if (std::find(std::begin(k_hub_names), std::end(k_hub_names), host) != std::end(k_hub_names)) host = "docker.io";
  return host + std::string(path);
}

std::string make_helper_server(std::string_view registry) {
  const std::string key = make_auth_key(registry);
  return key == "docker.io" ? "https://index.docker.io/v1/" : key;
}

AuthFile AuthFile::parse(std::string_view text, std::string thing, Format format) {
  const bool blank = util::trim(text).empty();
  util::Json json = blank ? util::Json::object() : util::parse_json(text, thing, {k_max_bytes, k_max_depth});
  if (!json.is_object()) throw Error(ErrorKind::invalid, thing + " is no JSON object");
  AuthFile file(std::move(json), std::move(thing), format);
  for (const char* name : {"auths", "credHelpers"}) file.find_object(name);
  return file;
}

AuthFile::~AuthFile() { wipe_strings(m_json); }

const util::Json* AuthFile::find_object(const char* name) const {
  const auto found = m_json.find(name);
  if (found == m_json.end() || found->is_null()) return nullptr;
  if (!found->is_object()) throw Error(ErrorKind::invalid, m_thing + ": \"" + name + "\" is no object");
  return &*found;
}

Credential AuthFile::read_entry(const std::string& key, const util::Json& entry) const {
  const std::string thing = m_thing + ": the entry " + util::escape_text(key);
  if (entry.is_null()) return {};
  if (!entry.is_object()) throw Error(ErrorKind::invalid, thing + " is no object");
  Credential credential;
  credential.source = m_thing;
  credential.username = util::get_string(entry, "username", thing);
  credential.password = util::get_string(entry, "password", thing);
  credential.identity_token = util::get_string(entry, "identitytoken", thing);
  credential.registry_token = util::get_string(entry, "registrytoken", thing);
  const bool plain =
      std::all_of(credential.registry_token.begin(), credential.registry_token.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!plain) throw Error(ErrorKind::invalid, thing + " holds a registrytoken with characters that no token has");
  std::string encoded = util::get_string(entry, "auth", thing);
  if (encoded.empty()) return credential;
  auto decoded = decode_base64(encoded);
  wipe(encoded);
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) throw Error(ErrorKind::invalid, thing + " holds an \"auth\" that is not base64 of user:password");
  credential.username = decoded->substr(0, colon);
  credential.password = decoded->substr(colon + 1);
  wipe(*decoded);
  while (credential.password.ends_with('\0')) credential.password.pop_back();  // old clients padded it
  return credential;
}

std::optional<Credential> AuthFile::find(std::string_view registry, std::string_view repository) const {
  const util::Json* all = find_entries();
  if (all == nullptr) return std::nullopt;
  for (const auto& wanted : candidates(registry, repository)) {
    for (const auto& [key, entry] : all->items()) {
      if (make_auth_key(key) != wanted) continue;
      if (Credential credential = read_entry(key, entry); !credential.empty()) return credential;
    }
  }
  return std::nullopt;
}

std::string AuthFile::find_helper(std::string_view registry) const {
  const std::string wanted = make_auth_key(registry);
  if (m_format == Format::dockercfg) return {};
  if (const util::Json* all = find_object("credHelpers")) {
    for (const auto& [key, name] : all->items()) {
      if (make_auth_key(key) == wanted) return util::get_string(*all, key.c_str(), m_thing);
    }
  }
  return util::get_string(m_json, "credsStore", m_thing);
}

bool AuthFile::has_entry(std::string_view registry) const {
  const auto all = registries(true);
  return std::find(all.begin(), all.end(), make_auth_key(registry)) != all.end();
}

std::vector<std::string> AuthFile::registries(bool with_empty) const {
  std::set<std::string> keys;
  const util::Json* all = find_entries();
  if (all == nullptr) return {};
  for (const auto& [key, entry] : all->items()) {
    if (with_empty || !read_entry(key, entry).empty()) keys.insert(make_auth_key(key));
  }
  return {keys.begin(), keys.end()};
}

std::vector<std::string> AuthFile::helpers() const {
  std::set<std::string> names;
  if (m_format == Format::dockercfg) return {};
  if (const util::Json* all = find_object("credHelpers")) {
    for (const auto& [key, name] : all->items()) names.insert(util::get_string(*all, key.c_str(), m_thing));
  }
  names.insert(util::get_string(m_json, "credsStore", m_thing));
  names.erase("");
  return {names.begin(), names.end()};
}

util::Json& AuthFile::entries() {
  if (m_format == Format::dockercfg) return m_json;
  util::Json& auths = m_json["auths"];
  if (!auths.is_object()) auths = util::Json::object();
  return auths;
}

void AuthFile::set(std::string_view registry, const std::string& new_key, const Credential& credential) {
  util::Json& all = entries();
  std::string kept = new_key;
  for (const auto& [key, entry] : all.items()) {
    if (make_auth_key(key) == make_auth_key(registry)) kept = key;
  }
  util::Json entry = all.contains(kept) && all[kept].is_object() ? all[kept] : util::Json::object();
  for (const char* field : k_secret_fields) entry.erase(field);
  if (!credential.username.empty() || !credential.password.empty())
    entry["auth"] = encode_base64(credential.username + ":" + credential.password);
  if (!credential.identity_token.empty()) entry["identitytoken"] = credential.identity_token;
  if (!credential.registry_token.empty()) entry["registrytoken"] = credential.registry_token;
  erase(registry);
  entries()[kept] = std::move(entry);
}

bool AuthFile::erase(std::string_view registry) {
  if (find_entries() == nullptr) return false;
  util::Json& all = entries();
  std::vector<std::string> gone;
  for (const auto& [key, entry] : all.items()) {
    if (make_auth_key(key) == make_auth_key(registry)) gone.push_back(key);
  }
  for (const auto& key : gone) {
    wipe_strings(all[key]);
    all.erase(key);
  }
  return !gone.empty();
}

std::string AuthFile::text() const { return util::to_pretty_text(m_json) + "\n"; }

}  // namespace jcb::oci
