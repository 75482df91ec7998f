// SPDX-License-Identifier: Apache-2.0
// The `requires` grammar is jetson-containers' check_requirement(), with its order of rules: ">=22.04" is therefore a
// question about L4T, as there. One deviation: upstream's `tegra-aarch64` is never met (it compares with the processor);
// here it holds on a Tegra board.
#include "packages/requirement.h"

#include "util/text.h"

#include <algorithm>
#include <array>

namespace jcb::packages {
namespace {

using platform::Target;
using platform::Version;

constexpr std::array<std::string_view, 6> k_ubuntu_releases{"16.04", "18.04", "20.04", "22.04", "24.04", "26.04"};
constexpr std::string_view k_l4t_where_none = "39.1.0";

std::string without(std::string text, std::string_view part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at)) text.erase(at, part.size());
  return text;
}

std::optional<bool> find_architecture_match(std::string_view word, const Target& target) {
  if (word == "tegra-aarch64") return target.is_tegra();
  if (word == "aarch64" || word == "arm64") return target.arch == "aarch64";
  if (word == "x86_64" || word == "amd64") return target.arch == "x86_64";
  return std::nullopt;
}

std::optional<std::string> check_architecture(std::string_view word, bool wanted, bool matches, const Target& target) {
  if (matches == wanted) return std::nullopt;
  const std::string_view name = target.is_tegra() ? target.cuda_arch : target.arch;
  return "needs architecture " + std::string(wanted ? "" : "other than ") + std::string(word) + " (this target: " + std::string(name) + ")";
}

std::optional<std::string> check_release(const std::string& release, const Target& target) {
  const auto& here = target.distribution;
  if (here.id == "ubuntu" && here.version == release) return std::nullopt;
  return "needs distribution ubuntu " + release + " (this target: " + here.id + " " + here.version + ")";
}

// Upstream compares Version("126") for CUDA 12.6, and 0 where there is none.
std::optional<std::string> check_cuda(const std::string& specifier, const Target& target) {
  const Version here =
      target.cuda.empty() ? Version::parse("0") : Version::parse(std::to_string(target.cuda.major()) + std::to_string(target.cuda.minor()));
  if (platform::satisfies(here, without(specifier, "cu"))) return std::nullopt;
  return "needs CUDA " + specifier + " (this target: " + (target.cuda.empty() ? "no CUDA" : "CUDA " + target.cuda.text()) + ")";
}

// Upstream takes every machine without L4T for its newest release.
std::optional<std::string> check_l4t(const std::string& specifier, const Target& target) {
  const Version here = target.l4t.empty() ? Version::parse(k_l4t_where_none) : target.l4t;
  const std::string wanted = without(specifier, "r");
  if (platform::satisfies(here, wanted)) return std::nullopt;
  const std::string what = target.l4t.empty() ? "no L4T, which counts as " + here.text() : "L4T " + here.text();
  return "needs L4T " + wanted + " (this target: " + what + ")";
}

}  // namespace

std::optional<std::string> find_unmet_requirement(std::string_view specifier, const Target& target) {
  const std::string text = util::to_lower(specifier);
  const bool negated = text.starts_with("!=");
  const std::string word = negated || text.starts_with("==") ? text.substr(2) : text;
  if (const auto matches = find_architecture_match(word, target)) return check_architecture(word, !negated, *matches, target);
  const bool is_release = std::find(k_ubuntu_releases.begin(), k_ubuntu_releases.end(), word) != k_ubuntu_releases.end();
  if (is_release && !negated) return check_release(word, target);
  if (text.find("cu") != std::string::npos) return check_cuda(text, target);
  return check_l4t(text, target);
}

}  // namespace jcb::packages
