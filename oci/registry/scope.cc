// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/scope.h"

#include <algorithm>

#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr std::size_t k_max_scopes = 10;

// "repository:host:5000/a:pull,push": names may hold colons, so the actions are after the last.
std::string_view resource_of(std::string_view scope) {
  const auto colon = scope.rfind(':');
  return colon == std::string_view::npos ? scope : scope.substr(0, colon);
}

std::vector<std::string> actions_of(std::string_view scope) {
  const auto colon = scope.rfind(':');
  return colon == std::string_view::npos ? std::vector<std::string>() : util::split(scope.substr(colon + 1), ',');
}

bool covers(std::string_view scope, std::string_view wanted) {
  if (resource_of(scope) != resource_of(wanted)) return false;
  const auto have = actions_of(scope), need = actions_of(wanted);
  const auto has = [&](const std::string& action) { return std::find(have.begin(), have.end(), action) != have.end(); };
  return has("*") || std::all_of(need.begin(), need.end(), has);
}

}  // namespace

bool covers_scope(const std::vector<std::string>& scopes, std::string_view wanted) {
  return std::any_of(scopes.begin(), scopes.end(), [&](const std::string& scope) { return covers(scope, wanted); });
}

std::vector<std::string> split_scopes(std::string_view text) {
  std::vector<std::string> scopes;
  for (auto& scope : util::split(text, ' ')) {
    if (!scope.empty() && scopes.size() < k_max_scopes) scopes.push_back(std::move(scope));
  }
  return scopes;
}

std::vector<std::string> merge_scopes(std::vector<std::string> first, const std::vector<std::string>& rest) {
  const std::vector<std::string> known = first;
  for (const auto& scope : rest) {
    if (!covers_scope(known, scope)) first.push_back(scope);
  }
  return first;
}

}  // namespace jcb::oci
