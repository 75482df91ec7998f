// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/daemon_json.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "jcbuild/error.h"
#include "oci/reference.h"
#include "oci/registry/config_paths.h"
#include "oci/registry/http_url.h"
#include "oci/registry/registry_names.h"
#include "util/file.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr std::uint64_t k_max_file_bytes = 1 << 20;

using Address = std::vector<std::uint8_t>;  // 4 or 16 bytes

std::optional<Address> find_address(const std::string& text) {
  Address bytes(16);
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  bytes.resize(4);
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

bool have_same_prefix(const Address& left, const Address& right, std::size_t bits) {
  if (left.size() != right.size() || bits > left.size() * 8) return false;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    const unsigned mask = 0x80U >> (bit % 8);
    if (((left[bit / 8] ^ right[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

bool is_in_network(std::string_view network, std::string_view host) {
  const auto slash = network.find('/');
  if (slash == std::string_view::npos) return false;
  const auto bits = network.substr(slash + 1);
  const bool is_number = !bits.empty() && bits.size() <= 3 && bits.find_first_not_of("0123456789") == std::string_view::npos;
  const auto base = find_address(std::string(network.substr(0, slash)));
  const auto address = find_address(without_port(host));
  return is_number && base && address && have_same_prefix(*base, *address, std::stoul(std::string(bits)));
}

std::string without_scheme(const std::string& text) {
  const auto at = text.find("://");
  return at == std::string::npos ? text : text.substr(at + 3);
}

// Throws for a mirror with a path or a user: dockerd takes none either.
DaemonMirror parse_mirror(const std::string& text) {
  const HttpUrl url = HttpUrl::parse(text);
  if (url.path != "/" || !url.query.empty() || !url.user_info.empty() || !is_registry_host(url.host))
    throw Error(ErrorKind::invalid, "the mirror " + url.origin() + " is not a host alone");
  const bool is_plain = url.scheme == "http";
  const bool has_usual_port = url.port == (is_plain ? 80 : 443);
  // Without its port a plain host would be asked at 443 first, where something else may listen.
  return {has_usual_port && !is_plain ? url.host : url.host + ":" + std::to_string(url.port), is_plain};
}

void read_settings(DaemonSettings& settings, std::string_view text, const std::string& file) {
  const util::Json json = util::parse_json(text, file);
  const auto mirrors = util::get_strings(json, "registry-mirrors", file);
  const auto insecure = util::get_strings(json, "insecure-registries", file);
  for (const std::string& mirror : mirrors) settings.mirrors.push_back(parse_mirror(mirror));
  for (const std::string& entry : insecure) settings.insecure.push_back(util::to_lower(without_scheme(entry)));
  if (mirrors.empty() && insecure.empty()) return;
  settings.notes.push_back("registry-mirrors and insecure-registries of " + file + " are followed where registries.conf says nothing");
}

void read_file(DaemonSettings& settings, const std::filesystem::path& file) {
  DaemonSettings read = settings;
  try {
    const auto text = util::find_file(file, k_max_file_bytes);
    if (!text) return;
    read_settings(read, *text, file.native());
    settings = std::move(read);
  } catch (const Error& error) {
    settings.notes.push_back(file.native() + " is passed over: " + error.message());
  }
}

}  // namespace

DaemonSettings load_daemon_settings(const HostOptions& options) {
  DaemonSettings settings;
  read_file(settings, system_path(options, "etc/docker/daemon.json"));
  if (const auto own = find_config_home(options)) read_file(settings, *own / "docker/daemon.json");
  return settings;
}

bool is_insecure(const std::vector<std::string>& entries, std::string_view host) {
  const std::string lower = util::to_lower(host);
  return std::any_of(entries.begin(), entries.end(),
                     [&](const std::string& entry) { return entry == lower || is_in_network(entry, lower); });
}

}  // namespace jcb::oci
