// SPDX-License-Identifier: Apache-2.0
// The published holes of runc and crun that let a container out or make it more powerful than asked. A release line that
// got its own repair is listed; a version is repaired when it is at or after the repair of its own line, or newer than
// every line listed.
#include "runtime/advisories.h"

#include "util/text.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace jcb::runtime {
namespace {

struct Version {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned patch = 0;
  bool is_final = true;  ///< a release candidate comes before its release
  auto key() const { return std::tuple(major, minor, patch, is_final); }
};

struct Advisory {
  std::string_view runtime;
  std::string_view name;
  std::string_view effect;
  std::vector<Version> repairs;          ///< ascending
  std::string_view distribution_repair;  ///< in the "commit:" line of a repaired older build; may be empty
};

const std::vector<Advisory>& advisories() {
  static const std::vector<Advisory> k_advisories{
      {"runc", "CVE-2024-21626", "a leaked directory leads out of the container", {{1, 1, 12}}, "1.1.5+ds1-1+deb12u"},
      {"runc", "CVE-2024-45310", "empty files can be made on the host", {{1, 1, 14}, {1, 2, 0}}, ""},
      {"runc", "CVE-2025-31133, -52565, -52881", "mounts of the set-up can be redirected", {{1, 2, 8}, {1, 3, 3}, {1, 4, 0}}, ""},
      {"runc", "CVE-2026-41579", "an image whose /dev is a link writes to the host", {{1, 3, 6}, {1, 4, 3}, {1, 5, 0}}, ""},
      {"crun", "CVE-2022-27650", "inheritable capabilities are not empty", {{1, 4, 4}}, ""},
      {"crun", "CVE-2026-30892", "exec with a user may run as another one", {{1, 27, 0}}, ""},
      {"crun", "CVE-2026-47766", "an image whose /dev is a link writes to the host", {{1, 28, 0}}, ""},
  };
  return k_advisories;
}

Version parse_version(std::string_view text) {
  Version version;
  const std::array<unsigned*, 3> parts{&version.major, &version.minor, &version.patch};
  for (unsigned* part : parts) {
    const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
    // At most 9 digits fit; more would be no version.
    if (end == 0 || end > 9) break;
    *part = static_cast<unsigned>(util::parse_unsigned(text.substr(0, end), "a version"));
    text.remove_prefix(end);
    if (!text.starts_with('.')) break;
    text.remove_prefix(1);
  }
  version.is_final = !text.starts_with("-rc") && !text.starts_with("~rc");
  return version;
}

bool is_repaired(const Version& version, const std::vector<Version>& repairs) {
  if (version.key() >= repairs.back().key()) return true;
  return std::any_of(repairs.begin(), repairs.end(), [&](const Version& repair) {
    return version.major == repair.major && version.minor == repair.minor && version.key() >= repair.key();
  });
}

std::string describe(const Advisory& advisory) {
  std::vector<std::string> repairs;
  for (const Version& repair : advisory.repairs)
    repairs.push_back(std::to_string(repair.major) + "." + std::to_string(repair.minor) + "." + std::to_string(repair.patch));
  return std::string(advisory.name) + ": " + std::string(advisory.effect) + "; fixed in " + util::join(repairs, ", ");
}

}  // namespace

std::string parse_runtime_version(std::string_view version_output) {
  const std::string_view line = version_output.substr(0, version_output.find('\n'));
  constexpr std::string_view k_word = " version ";
  const auto word = line.find(k_word);
  return word == std::string_view::npos ? std::string{} : std::string(util::trim(line.substr(word + k_word.size())));
}

std::vector<std::string> find_advisories(std::string_view runtime, std::string_view version_output) {
  const std::string text = parse_runtime_version(version_output);
  if (text.empty()) return {"its version cannot be read"};
  const Version version = parse_version(text);
  std::vector<std::string> lines;
  for (const Advisory& advisory : advisories()) {
    if (advisory.runtime != runtime || is_repaired(version, advisory.repairs)) continue;
    const auto& repair = advisory.distribution_repair;
    if (!repair.empty() && version_output.find(repair) != std::string_view::npos) continue;
    lines.push_back(describe(advisory));
  }
  return lines;
}

}  // namespace jcb::runtime
