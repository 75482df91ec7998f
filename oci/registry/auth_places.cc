// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/auth_places.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jcbuild/error.h"
#include "util/file.h"
#include "util/lock.h"

namespace jcb::oci {
namespace {

constexpr std::uint64_t k_max_bytes = 4 << 20;
constexpr int k_max_links = 16;

// What a name is a link to in the end; it need not exist.
std::filesystem::path follow_links(std::filesystem::path path) {
  std::error_code error;
  for (int links = 0; std::filesystem::is_symlink(path, error); ++links) {
    if (links == k_max_links) throw Error(ErrorKind::invalid, path.native() + " is one of a circle of links");
    path = path.parent_path() / std::filesystem::read_symlink(path);
  }
  return path;
}

void make_private_directories(const std::filesystem::path& path) {
  if (path.empty() || std::filesystem::exists(path)) return;
  make_private_directories(path.parent_path());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("make directory", path.native());
}

std::optional<std::filesystem::path> find_directory(const Environment& environment, const std::string& name) {
  const auto value = find_variable(environment, name);
  return value && value->starts_with('/') ? std::optional<std::filesystem::path>(*value) : std::nullopt;
}

void add_podmans(std::vector<AuthPlace>& places, const Environment& environment) {
  const auto runtime = find_directory(environment, "XDG_RUNTIME_DIR");
  const auto base = runtime ? *runtime / "containers" : std::filesystem::path("/run/containers") / std::to_string(::getuid());
  AuthPlace place{base / "auth.json"};
  place.may_be_hidden = !runtime;
  places.push_back(place);
  if (const auto config = find_config_home(environment)) places.push_back({*config / "containers/auth.json"});
}

void add_dockers(std::vector<AuthPlace>& places, const Environment& environment) {
  const auto home = find_directory(environment, "HOME");
  const auto config = find_directory(environment, "DOCKER_CONFIG");
  AuthPlace place;
  place.is_dockers = true;
  if (config || home) {
    place.path = (config ? *config : *home / ".docker") / "config.json";
    places.push_back(place);
  }
  if (!home) return;
  place.path = *home / ".dockercfg";
  place.format = AuthFile::Format::dockercfg;
  places.push_back(place);
}

}  // namespace

std::optional<std::string> find_variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() || found->second.empty() ? std::nullopt : std::optional(found->second);
}

std::optional<std::filesystem::path> find_config_home(const Environment& environment) {
  if (auto config = find_directory(environment, "XDG_CONFIG_HOME")) return config;
  const auto home = find_directory(environment, "HOME");
  return home ? std::optional(*home / ".config") : std::nullopt;
}

std::vector<AuthPlace> list_auth_places(const Environment& environment, const std::filesystem::path& authfile) {
  AuthPlace named;
  named.is_named = true;
  named.must_exist = !authfile.empty();
  named.path = authfile;
  for (const char* name : {"JCBUILD_AUTHFILE", "REGISTRY_AUTH_FILE"}) {
    if (named.path.empty()) named.path = find_variable(environment, name).value_or("");
  }
  // Somebody who names docker's file wants it to be read by docker.
  named.is_dockers = named.path.filename() == "config.json";
  if (!named.path.empty()) return {named};
  std::vector<AuthPlace> places;
  add_podmans(places, environment);
  add_dockers(places, environment);
  return places;
}

std::optional<AuthFile> find_auth_file(const AuthPlace& place) {
  if (place.may_be_hidden && ::access(place.path.c_str(), F_OK) != 0) return std::nullopt;
  auto text = util::find_file(place.path, k_max_bytes);
  if (!text && place.must_exist)
    throw Error(ErrorKind::not_found, "the auth file " + place.path.native() + " does not exist", "jcbuild login --authfile makes it");
  if (!text) return std::nullopt;
  AuthFile file = AuthFile::parse(*text, place.path.native(), place.format);
  wipe(*text);
  return file;
}

void change_private_file(const std::filesystem::path& path, const std::function<std::optional<std::string>(const std::string&)>& change) {
  const auto target = follow_links(std::filesystem::absolute(path));
  make_private_directories(target.parent_path());
  const util::Root directory = util::Root::open(target.parent_path());
  // The directory is the lock: no file of ours has to lie beside docker's.
  const util::Fd lock = directory.open_at(".", O_RDONLY | O_DIRECTORY);
  util::lock_file(lock.get(), util::LockMode::exclusive, target.parent_path().native());
  std::string before = util::find_file(target, k_max_bytes).value_or("");
  auto after = change(before);
  wipe(before);
  if (!after) return;
  util::write_file_atomically(directory, target.filename().native(), *after, 0600);
  wipe(*after);
}

void change_auth_file(const AuthPlace& place, const std::function<bool(AuthFile&)>& change) {
  change_private_file(place.path, [&](const std::string& text) -> std::optional<std::string> {
    AuthFile file = AuthFile::parse(text, place.path.native(), place.format);
    return change(file) ? std::optional(file.text()) : std::nullopt;
  });
}

}  // namespace jcb::oci
