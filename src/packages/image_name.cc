// SPDX-License-Identifier: Apache-2.0
// The distribution specification: a repository is [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*, a tag [\w][\w.-]{0,127}. What of a
// package's name does not fit becomes '-', as upstream does with '+'.
#include "packages/image_name.h"

#include "util/text.h"

#include <algorithm>

namespace jcb::packages {
namespace {

constexpr std::size_t k_repository_limit = 100;
constexpr std::size_t k_tag_limit = 128;

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// Lower case; each run of other characters is one separator; none at the ends.
std::string make_component(std::string_view text) {
  std::string component, separator;
  for (const char c : util::to_lower(text)) {
    if (!is_alphanumeric(c)) {
      separator = separator.empty() && (c == '.' || c == '_') ? std::string(1, c) : std::string("-");
      continue;
    }
    if (!component.empty()) component += separator;
    separator.clear();
    component += c;
  }
  return component;
}

std::string join_request(const std::vector<std::string>& request) {
  const std::string all = make_component(util::join(request, "-"));
  if (all.size() <= k_repository_limit) return all;
  return make_component(request.front().substr(0, k_repository_limit)) + "-and-" + std::to_string(request.size() - 1) + "-more";
}

}  // namespace

std::string make_target_tag(const platform::Target& target) {
  const auto& distribution = target.distribution;
  const std::string release = distribution.codename.empty() ? distribution.id + distribution.version : distribution.codename;
  std::string tag = target.l4t.empty() ? release : "r" + target.l4t.text();
  if (!target.cuda.empty()) tag += "-cu" + std::to_string(target.cuda.major()) + std::to_string(target.cuda.minor());
  return make_component(tag) + "-" + target.arch;
}

std::string make_image_name(const std::vector<std::string>& request, const platform::Target& target) {
  std::string tag = make_target_tag(target);
  if (request.size() != 1) return join_request(request) + ":" + tag;
  const std::string& name = request.front();
  const auto colon = std::min(name.find(':'), name.size());
  std::string version = make_component(std::string_view(name).substr(colon));
  const std::size_t room = k_tag_limit - tag.size() - 1;
  if (version.size() > room) version = make_component(std::string_view(version).substr(0, room));
  return make_component(name.substr(0, colon)) + ":" + (version.empty() ? "" : version + "-") + tag;
}

}  // namespace jcb::packages
