// SPDX-License-Identifier: Apache-2.0
// `when:` of a variant. Every condition is evaluated, also after one has failed: a bad specifier is an error on every
// target, and the user is told all that is missing at once.
#include "jcbuild/error.h"
#include "packages/requirement.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::packages {
namespace {

using platform::Target;
using platform::Version;

bool satisfies_at(const Version& version, std::string_view specifiers, const SourcePosition& at) {
  try {
    return platform::satisfies(version, specifiers);
  } catch (const Error& error) {
    reject(at, error.message());
  }
}

// "debian", "debian 12", "bookworm", "ubuntu >=22.04".
bool matches_distribution(const std::string& wanted, const Target& target, const SourcePosition& at) {
  const std::string text = util::to_lower(util::trim(wanted));
  const auto space = std::min(text.find(' '), text.size());
  const std::string id = text.substr(0, space);
  const std::string version(util::trim(std::string_view(text).substr(space)));
  if (id.empty()) reject(at, "'distribution' is empty");
  if (version.empty()) return id == target.distribution.id || id == target.distribution.codename;
  const bool is_plain = version.find_first_not_of("0123456789.") == std::string::npos;
  const Version here = Version::find(target.distribution.version).value_or(Version());
  const bool holds = satisfies_at(here, is_plain ? "==" + version : version, at);
  return id == target.distribution.id && holds;
}

bool matches_architecture(const std::string& wanted, const Target& target, const SourcePosition& at) {
  if (wanted == "tegra-aarch64") return target.is_tegra();
  if (wanted != "aarch64" && wanted != "x86_64")
    reject(at, "'arch' is x86_64, aarch64 or tegra-aarch64, not '" + util::escape_text(wanted) + "'");
  return wanted == target.arch;
}

using Matcher = bool (*)(const std::string&, const Target&, const SourcePosition&);

// One of the listed words must match.
std::optional<std::string> check_words(const NodeEntry& entry, Matcher matches, const Target& target, const std::string& here) {
  const auto words = to_texts(entry.value, entry.key);
  if (words.empty()) reject(entry.at, "'" + entry.key + "' lists nothing");
  bool any = false;
  for (const auto& word : words) any = matches(word, target, entry.value.at) || any;
  if (any) return std::nullopt;
  const std::string what = entry.key == "arch" ? "architecture" : entry.key;
  return "needs " + what + " " + util::join(words, " or ") + " (this target: " + here + ")";
}

std::optional<std::string> check_version(const NodeEntry& entry, const Version& here, const std::string& label) {
  const std::string wanted = to_text(entry.value, entry.key);
  if (wanted.empty()) reject(entry.at, "'" + entry.key + "' is empty: give specifiers such as \">=36,<37\", or none");
  const std::string target = here.empty() ? "no " + label : label + " " + here.text();
  if (util::to_lower(wanted) == "none") {
    if (here.empty()) return std::nullopt;
    return "needs a target without " + label + " (this target: " + target + ")";
  }
  const bool holds = satisfies_at(here, wanted, entry.value.at);
  if (holds && !here.empty()) return std::nullopt;
  return "needs " + label + " " + wanted + " (this target: " + target + ")";
}

std::optional<std::string> check_condition(const NodeEntry& entry, const Target& target) {
  const auto& distribution = target.distribution;
  if (entry.key == "distribution")
    return check_words(entry, matches_distribution, target, std::string(util::trim(distribution.id + " " + distribution.version)));
  if (entry.key == "arch") return check_words(entry, matches_architecture, target, target.is_tegra() ? target.cuda_arch : target.arch);
  if (entry.key == "l4t") return check_version(entry, target.l4t, "L4T");
  if (entry.key == "cuda") return check_version(entry, target.cuda, "CUDA");
  if (entry.key == "jetpack") return check_version(entry, target.jetpack, "JetPack");
  return check_version(entry, target.python, "Python");
}

}  // namespace

std::vector<std::string> find_unmet_conditions(const Node& when, const Target& target) {
  if (!when.is_mapping()) reject(when.at, "'when' must be a mapping of conditions");
  require_known_keys(when, {"arch", "cuda", "distribution", "jetpack", "l4t", "python"}, "'when'");
  std::vector<std::string> reasons;
  for (const NodeEntry& entry : when.entries) {
    if (auto reason = check_condition(entry, target)) reasons.push_back(std::move(*reason));
  }
  return reasons;
}

}  // namespace jcb::packages
