// SPDX-License-Identifier: Apache-2.0
#include "build/apt_sources.h"

#include "jcbuild/error.h"
#include "util/file.h"
#include "util/root.h"
#include "util/text.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>

namespace jcb::build {
namespace {

constexpr std::uint64_t k_max_file_bytes = std::uint64_t{1} << 20;

std::vector<std::string> words(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> result;
  for (std::string word; stream >> word;) result.push_back(word);
  return result;
}

void apply_option(AptSource& source, std::string_view option) {
  const auto equals = option.find('=');
  if (equals == std::string_view::npos) return;
  const std::string name = util::to_lower(option.substr(0, equals));
  const auto value = option.substr(equals + 1);
  if (name == "signed-by" && value.starts_with('/')) source.signed_by = value;
  if (name == "trusted") source.trusted = value == "yes";
}

// "deb [options] uri suite component..."
std::optional<AptSource> parse_line(std::string_view line) {
  std::string text(util::trim(line.substr(0, line.find('#'))));
  if (!text.starts_with("deb ") && !text.starts_with("deb\t")) return std::nullopt;
  text.erase(0, 4);
  AptSource source;
  if (const auto open = text.find('['), close = text.find(']'); open != std::string::npos && close != std::string::npos && open < close) {
    for (const auto& option : words(text.substr(open + 1, close - open - 1))) apply_option(source, option);
    text.erase(open, close - open + 1);
  }
  auto fields = words(text);
  if (fields.size() < 2) return std::nullopt;
  source.uri = fields[0];
  source.suites = {fields[1]};
  source.components.assign(fields.begin() + 2, fields.end());
  return source;
}

using Stanza = std::map<std::string, std::string>;

// Adds a stanza's archives: one for each address.
void add_stanza(const Stanza& stanza, std::vector<AptSource>& sources) {
  const auto field = [&](const char* name) {
    const auto found = stanza.find(name);
    return found == stanza.end() ? std::string() : std::string(util::trim(found->second));
  };
  const auto types = words(field("types"));
  if (field("enabled") == "no" || std::find(types.begin(), types.end(), "deb") == types.end()) return;
  AptSource source{"", words(field("suites")), words(field("components")), "", field("trusted") == "yes"};
  // A key written out in the stanza is left to apt's default keyrings.
  if (field("signed-by").starts_with('/')) source.signed_by = words(field("signed-by"))[0];
  for (const auto& uri : words(field("uris"))) {
    source.uri = uri;
    sources.push_back(source);
  }
}

bool is_pocket_of(std::string_view suite, std::string_view release, std::string_view& pocket) {
  if (!suite.starts_with(release)) return false;
  pocket = suite.substr(release.size());
  return pocket.empty() || pocket == "-updates" || pocket == "-security";
}

void check_address(const AptSource& source) {
  const auto slashes = source.uri.find("://");
  if (slashes == std::string::npos) return;
  const auto authority = source.uri.substr(slashes + 3, source.uri.find('/', slashes + 3) - slashes - 3);
  if (authority.find('@') != std::string::npos)
    throw Error(ErrorKind::refused, "an apt archive of this host has a password in its address, which would be in the image",
                "move it to /etc/apt/auth.conf.d and set JCBUILD_MIRROR_DEBIAN or JCBUILD_MIRROR_UBUNTU");
}

std::vector<AptSource> read_host_sources() {
  std::vector<AptSource> sources = parse_one_line_sources(util::find_file("/etc/apt/sources.list", k_max_file_bytes).value_or(""));
  if (::access("/etc/apt/sources.list.d", X_OK) != 0) return sources;
  const auto directory = util::Root::open("/etc/apt/sources.list.d");
  for (const auto& entry : directory.list()) {
    const bool one_line = entry.name.ends_with(".list");
    if (!one_line && !entry.name.ends_with(".sources")) continue;
    const std::string text = directory.read_file(entry.name, k_max_file_bytes);
    const auto more = one_line ? parse_one_line_sources(text) : parse_deb822_sources(text);
    sources.insert(sources.end(), more.begin(), more.end());
  }
  return sources;
}

// A variable of /etc/os-release.
std::string host_release(std::string_view name) {
  for (const auto& line : util::split(util::find_file("/etc/os-release", k_max_file_bytes).value_or(""), '\n')) {
    if (!line.starts_with(name) || line[name.size()] != '=') continue;
    std::string value = line.substr(name.size() + 1);
    std::erase(value, '"');
    return value;
  }
  return "";
}

// Ubuntu keeps PCs and everything else on different servers.
bool is_pc(std::string_view architecture) { return architecture == "amd64" || architecture == "i386"; }

bool host_is_pc() {
  utsname names{};
  ::uname(&names);
  const std::string_view machine = names.machine;
  return machine == "x86_64" || machine == "i686";
}

std::string default_keyring(std::string_view distribution) {
  return "/usr/share/keyrings/" + std::string(distribution) + "-archive-keyring.gpg";
}

std::string find_keyring(std::string_view distribution) {
  const std::string keyring = default_keyring(distribution);
  if (::access(keyring.c_str(), R_OK) == 0) return keyring;
  throw Error(ErrorKind::unsupported, "the keys of " + std::string(distribution) + " are not installed",
              "apt install " + std::string(distribution == "ubuntu" ? "ubuntu-keyring" : "debian-archive-keyring"));
}

std::vector<AptSource> make_mirror(std::string_view distribution, const std::string& suite, const char* mirror) {
  const std::string keyring = find_keyring(distribution);
  // Debian keeps its security archive apart, and a mirror of the main one says nothing about it.
  if (distribution == "debian") return {{mirror, {suite, suite + "-updates"}, {"main"}, keyring}};
  return {{mirror, {suite, suite + "-updates", suite + "-security"}, {"main", "restricted", "universe", "multiverse"}, keyring}};
}

// rolling suites have no pockets of their own.
bool is_rolling(std::string_view suite) { return suite == "sid" || suite == "unstable"; }

std::vector<AptSource> find_host_release(std::string_view distribution, std::string_view suite, std::string_view architecture) {
  if (host_release("ID") != distribution || (distribution == "ubuntu" && is_pc(architecture) != host_is_pc())) return {};
  return select_release(read_host_sources(), host_release("VERSION_CODENAME"), suite);
}

std::vector<AptSource> find_sources(std::string_view distribution, std::string_view suite, std::string_view architecture) {
  std::string variable = "JCBUILD_MIRROR_" + std::string(distribution);
  std::transform(variable.begin(), variable.end(), variable.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (const char* mirror = std::getenv(variable.c_str())) return make_mirror(distribution, std::string(suite), mirror);
  auto sources = find_host_release(distribution, suite, architecture);
  if (sources.empty()) find_keyring(distribution);
  return sources;
}

}  // namespace

std::vector<AptSource> parse_one_line_sources(std::string_view text) {
  std::vector<AptSource> sources;
  for (const auto& line : util::split(text, '\n')) {
    if (auto source = parse_line(line)) sources.push_back(std::move(*source));
  }
  return sources;
}

std::vector<AptSource> parse_deb822_sources(std::string_view text) {
  std::vector<AptSource> sources;
  Stanza stanza;
  std::string name;
  for (const auto& line : util::split(text, '\n')) {
    if (line.starts_with('#')) continue;
    const auto colon = line.find(':');
    if (util::trim(line).empty()) {
      add_stanza(stanza, sources);
      stanza.clear();
    } else if (std::isspace(static_cast<unsigned char>(line[0])) != 0) {
      stanza[name] += "\n" + line;
    } else if (colon != std::string::npos) {
      name = util::to_lower(util::trim(std::string_view(line).substr(0, colon)));
      stanza[name] = line.substr(colon + 1);
    }
  }
  add_stanza(stanza, sources);
  return sources;
}

std::vector<AptSource> select_release(const std::vector<AptSource>& sources, std::string_view from, std::string_view to) {
  std::vector<AptSource> selected;
  for (AptSource source : sources) {
    std::vector<std::string> suites;
    for (const auto& suite : source.suites) {
      std::string_view pocket;
      if (!from.empty() && is_pocket_of(suite, from, pocket) && (pocket.empty() || !is_rolling(to)))
        suites.push_back(std::string(to) + std::string(pocket));
    }
    if (suites.empty() || source.components.empty() || source.uri.starts_with("cdrom:")) continue;
    source.suites = std::move(suites);
    selected.push_back(std::move(source));
  }
  return selected;
}

std::string to_sources_list(const std::vector<AptSource>& sources) {
  std::string text;
  for (const auto& source : sources) {
    std::string options = source.signed_by.empty() ? "" : "signed-by=" + source.signed_by;
    if (source.trusted) options += std::string(options.empty() ? "" : " ") + "trusted=yes";
    for (const auto& suite : source.suites)
      text += "deb " + (options.empty() ? "" : "[" + options + "] ") + source.uri + " " + suite + " " + util::join(source.components, " ") +
              "\n";
  }
  return text;
}

std::string make_apt_sources(std::string_view distribution, std::string_view suite, std::string_view architecture) {
  if (distribution != "debian" && distribution != "ubuntu")
    throw Error(ErrorKind::unsupported, "cannot bootstrap " + util::escape_text(distribution), "debian and ubuntu can be");
  const auto sources = find_sources(distribution, suite, architecture);
  for (const auto& source : sources) check_address(source);
  return to_sources_list(sources);
}

}  // namespace jcb::build
