// SPDX-License-Identifier: Apache-2.0
#include "platform/distribution.h"

#include "util/text.h"

#include <array>

namespace jcb::platform {
namespace {

struct Release {
  std::string_view id, version, codename, python;
};

// Per distribution in ascending order: default_python relies on it.
constexpr std::array<Release, 12> k_releases{{
    {"debian", "10", "buster", "3.7"},
    {"debian", "11", "bullseye", "3.9"},
    {"debian", "12", "bookworm", "3.11"},
    {"debian", "13", "trixie", "3.13"},
    {"ubuntu", "16.04", "xenial", "3.5"},
    {"ubuntu", "18.04", "bionic", "3.6"},
    {"ubuntu", "20.04", "focal", "3.8"},
    {"ubuntu", "22.04", "jammy", "3.10"},
    {"ubuntu", "24.04", "noble", "3.12"},
    {"ubuntu", "25.04", "plucky", "3.13"},
    {"ubuntu", "25.10", "questing", "3.13"},
    {"ubuntu", "26.04", "resolute", "3.14"},
}};

}  // namespace

std::optional<Distribution> find_distribution(std::string_view id_and_version_or_codename) {
  const std::string text = util::to_lower(util::trim(id_and_version_or_codename));
  const auto colon = text.find(':');
  const std::string id = colon == std::string::npos ? "" : text.substr(0, colon);
  const std::string release_name = colon == std::string::npos ? text : text.substr(colon + 1);
  if (colon == 0) return std::nullopt;
  for (const Release& release : k_releases) {
    if (!id.empty() && id != release.id) continue;
    if (release_name != release.version && release_name != release.codename) continue;
    return Distribution{std::string(release.id), std::string(release.version), std::string(release.codename)};
  }
  return std::nullopt;
}

std::vector<std::string> known_distributions() {
  std::vector<std::string> names;
  for (const Release& release : k_releases) names.push_back(std::string(release.id) + ":" + std::string(release.version));
  return names;
}

Version default_python(const Distribution& distribution) {
  Version python;
  const auto version = Version::find(distribution.version);
  for (const Release& release : k_releases) {
    if (release.id != distribution.id) continue;
    // A host without a version (Debian testing) is newer than every release.
    if (!version || *version >= Version::parse(release.version)) python = Version::parse(release.python);
  }
  return python;
}

}  // namespace jcb::platform
