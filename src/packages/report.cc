// SPDX-License-Identifier: Apache-2.0
#include "packages/report.h"

#include "platform/target_json.h"
#include "util/json.h"

namespace jcb::packages {
namespace {

using util::Json;

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

Json to_json(const Package& package) {
  return {{"name", package.name},
          {"alias", package.aliases},
          {"path", package.relative_path},
          {"dockerfile", package.dockerfile ? Json(*package.dockerfile) : Json()},
          {"depends", package.depends},
          {"requires", package.requires_},
          {"build_args", package.build_args},
          {"test", package.tests},
          {"group", text_or_null(package.group)},
          {"notes", text_or_null(package.notes)},
          {"prefix", text_or_null(package.prefix)},
          {"postfix", text_or_null(package.postfix)},
          {"config", package.config}};
}

Json make_list_report(const Catalog& catalog, const std::vector<Package>& packages, const std::vector<Disabled>& disabled) {
  Json chosen = Json::array(), elsewhere = Json::object(), load_errors = Json::object();
  for (const auto& package : packages) chosen.push_back(to_json(package));
  for (const auto& one : disabled) elsewhere[one.name] = one.reasons;
  for (const auto& [directory, message] : catalog.load_errors()) load_errors[directory] = message;
  return {{"target", platform::to_json(catalog.target())}, {"packages", chosen}, {"disabled", elsewhere}, {"load_errors", load_errors}};
}

Json make_resolve_report(const Resolution& resolution, const platform::Target& target) {
  Json chain = Json::array();
  for (const auto& resolved : resolution.order) chain.push_back(resolved.package.name);
  return {{"chain", chain}, {"image", resolution.default_image_name}, {"base", target.default_base()}};
}

}  // namespace jcb::packages
