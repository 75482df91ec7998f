// SPDX-License-Identifier: Apache-2.0
// Where a login is kept: with the helper or in the file that already knows the registry, for what is found first must be
// the newest; else in docker's file where docker is in use (it exists, or $DOCKER_CONFIG is set), else in podman's that
// outlives a reboot.
#include "oci/registry/credentials.h"

#include <algorithm>
#include <set>

#include "jcbuild/error.h"
#include "oci/registry/auth_places.h"
#include "oci/registry/credential_helper.h"
#include "util/file.h"

namespace jcb::oci {
namespace {

// What registries.conf calls the auth files among its helpers.
constexpr std::string_view k_files = "containers-auth.json";

std::string key_for(const AuthPlace& place, const std::string& registry) {
  return place.is_dockers ? make_helper_server(registry) : make_auth_key(registry);
}

std::optional<Credential> find_in_file(const AuthPlace& place, const CredentialOptions& options, std::string_view registry,
                                       std::string_view repository) {
  const auto file = find_auth_file(place);
  if (!file) return std::nullopt;
  const std::string helper = file->find_helper(registry);
  if (!helper.empty()) {
    auto found = in_step("reading " + place.path.native(),
                         [&] { return CredentialHelper(helper, options.environment).find(make_helper_server(registry)); });
    if (found) return found;
  }
  return file->find(registry, repository);
}

std::optional<Credential> find_in_files(const CredentialOptions& options, std::string_view registry, std::string_view repository) {
  for (const auto& place : list_auth_places(options.environment, options.authfile)) {
    if (auto found = find_in_file(place, options, registry, repository)) return found;
  }
  return std::nullopt;
}

// The helpers of registries.conf that come before the files, or all when the files are not among them.
std::vector<CredentialHelper> helpers_of(const CredentialOptions& options) {
  std::vector<CredentialHelper> helpers;
  for (const auto& name : options.helpers) {
    if (name != k_files) helpers.emplace_back(name, options.environment);
  }
  return helpers;
}

AuthPlace choose_place(const CredentialOptions& options, const std::string& registry) {
  const auto places = list_auth_places(options.environment, options.authfile);
  if (places.front().is_named) return places.front();
  for (const auto& place : places) {
    const auto file = find_auth_file(place);
    if (file && place.format == AuthFile::Format::config && file->has_entry(registry)) return place;
  }
  const auto dockers = std::find_if(places.begin(), places.end(), [](const AuthPlace& place) { return place.is_dockers; });
  if (dockers != places.end() && (find_variable(options.environment, "DOCKER_CONFIG") || std::filesystem::exists(dockers->path)))
    return *dockers;
  const auto config = find_config_home(options.environment);
  if (!config) throw Error(ErrorKind::not_found, "there is no home directory to keep a login in", "name a file with --authfile");
  return {*config / "containers/auth.json"};
}

std::optional<std::filesystem::path> find_realms(const CredentialOptions& options) {
  const auto config = find_config_home(options.environment);
  return config ? std::optional(*config / "jcbuild/realms.json") : std::nullopt;
}

util::Json parse_realms(const std::string& text, const std::string& thing) {
  util::Json json = text.empty() ? util::Json::object() : util::parse_json(text, thing);
  if (!json.is_object()) throw Error(ErrorKind::invalid, thing + " is no JSON object");
  return json;
}

// An empty realm is forgotten.
void record_realm(const CredentialOptions& options, const std::string& registry, const std::string& realm) {
  const auto path = find_realms(options);
  if (!path || (realm.empty() && !std::filesystem::exists(*path))) return;
  change_private_file(*path, [&](const std::string& text) -> std::optional<std::string> {
    util::Json json = parse_realms(text, path->native());
    if (realm.empty())
      json.erase(make_auth_key(registry));
    else
      json[make_auth_key(registry)] = realm;
    return util::to_pretty_text(json) + "\n";
  });
}

void erase_from_helper(const CredentialHelper& helper, const std::string& registry, std::vector<std::string>& places) {
  const std::string server = make_helper_server(registry);
  if (!helper.find(server)) return;
  helper.erase(server);
  places.push_back("docker-credential-" + helper.name());
}

}  // namespace

CredentialStore::CredentialStore(CredentialOptions options) : m_options(std::move(options)) {
  if (m_options.given && m_options.given->source.empty()) m_options.given->source = "--creds";
}

std::optional<Credential> CredentialStore::find(std::string_view registry, std::string_view repository) const {
  if (m_options.given) return m_options.given;
  bool files_asked = false;
  for (const auto& name : m_options.helpers) {
    files_asked = files_asked || name == k_files;
    auto found = name == k_files ? find_in_files(m_options, registry, repository)
                                 : CredentialHelper(name, m_options.environment).find(make_helper_server(registry));
    if (found) return found;
  }
  return files_asked ? std::nullopt : find_in_files(m_options, registry, repository);
}

std::string CredentialStore::store(const std::string& registry, const Credential& credential, const std::string& realm) const {
  const std::string server = make_helper_server(registry);
  std::string where;
  if (!m_options.helpers.empty() && m_options.helpers.front() != k_files) {
    const CredentialHelper helper(m_options.helpers.front(), m_options.environment);
    helper.store(server, credential);
    where = "docker-credential-" + helper.name();
  } else {
    const AuthPlace place = choose_place(m_options, registry);
    change_auth_file(place, [&](AuthFile& file) {
      const std::string helper = file.find_helper(registry);
      if (!helper.empty()) CredentialHelper(helper, m_options.environment).store(server, credential);
      // docker keeps an empty entry for what a helper has, to know where the user is logged in.
      file.set(registry, key_for(place, registry), helper.empty() ? credential : Credential());
      where = helper.empty() ? place.path.native() : "docker-credential-" + helper;
      return true;
    });
  }
  record_realm(m_options, registry, realm);
  return where;
}

std::vector<std::string> CredentialStore::erase(const std::string& registry) const {
  std::vector<std::string> places;
  for (const auto& helper : helpers_of(m_options)) erase_from_helper(helper, registry, places);
  for (const auto& place : list_auth_places(m_options.environment, m_options.authfile)) {
    const auto file = find_auth_file(place);
    if (!file) continue;
    const std::string helper = file->find_helper(registry);
    if (!helper.empty()) erase_from_helper(CredentialHelper(helper, m_options.environment), registry, places);
    if (!file->has_entry(registry)) continue;
    change_auth_file(place, [&](AuthFile& changed) { return changed.erase(registry); });
    places.push_back(place.path.native());
  }
  record_realm(m_options, registry, "");
  return places;
}

std::vector<std::string> CredentialStore::list() const {
  std::set<std::string> registries;
  std::set<std::string> helpers;
  for (const auto& helper : helpers_of(m_options)) helpers.insert(helper.name());
  for (const auto& place : list_auth_places(m_options.environment, m_options.authfile)) {
    const auto file = find_auth_file(place);
    if (!file) continue;
    for (auto& name : file->registries(false)) registries.insert(std::move(name));
    for (auto& name : file->helpers()) helpers.insert(std::move(name));
  }
  for (const auto& name : helpers) {
    for (const auto& server : CredentialHelper(name, m_options.environment).list()) registries.insert(make_auth_key(server));
  }
  return {registries.begin(), registries.end()};
}

std::string CredentialStore::recorded_realm(std::string_view registry) const {
  const auto path = find_realms(m_options);
  if (!path) return {};
  const std::string text = util::find_file(*path, 1 << 20).value_or("");
  return util::get_string(parse_realms(text, path->native()), make_auth_key(registry).c_str(), path->native());
}

}  // namespace jcb::oci
