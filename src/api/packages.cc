// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/packages.h"

#include <algorithm>

#include "api/parts.h"
#include "packages/report.h"
#include "packages/resolver.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb {
namespace {

bool matches(const packages::Package& package, const std::string& pattern) {
  if (util::matches_glob(pattern, package.name)) return true;
  return std::any_of(package.aliases.begin(), package.aliases.end(),
                     [&](const std::string& alias) { return util::matches_glob(pattern, alias); });
}

bool matches(const packages::Disabled& disabled, const std::string& pattern) {
  if (util::matches_glob(pattern, disabled.name)) return true;
  return std::any_of(disabled.aliases.begin(), disabled.aliases.end(),
                     [&](const std::string& alias) { return util::matches_glob(pattern, alias); });
}

template <typename Item>
std::vector<Item> select(const std::vector<Item>& items, const std::vector<std::string>& patterns) {
  std::vector<Item> chosen;
  for (const auto& item : items) {
    const bool wanted = std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) { return matches(item, pattern); });
    if (patterns.empty() || wanted) chosen.push_back(item);
  }
  return chosen;
}

PackageInfo describe(const packages::Package& package) {
  return {package.name,    package.aliases, package.relative_path, package.dockerfile.value_or(""),
          package.depends, package.group,   package.notes};
}

}  // namespace

PackageList list_packages(Session& session, const TargetOptions& given, const std::vector<std::string>& patterns) {
  const auto catalog = session.parts().catalog(session.parts().target(given));
  for (const auto& pattern : patterns) {
    if (select(catalog.packages(), {pattern}).empty() && select(catalog.disabled(), {pattern}).empty()) catalog.throw_missing(pattern);
  }
  PackageList list;
  list.target = catalog.target().text();
  const auto chosen = select(catalog.packages(), patterns);
  const auto disabled = select(catalog.disabled(), patterns);
  for (const auto& package : chosen) list.packages.push_back(describe(package));
  for (const auto& entry : disabled) list.disabled[entry.name] = entry.reasons;
  list.load_errors = catalog.load_errors();
  list.json = util::to_text(packages::make_list_report(catalog, chosen, disabled));
  return list;
}

ResolvedList resolve_packages(Session& session, const TargetOptions& given, const std::vector<std::string>& request) {
  const auto catalog = session.parts().catalog(session.parts().target(given));
  const auto resolution = packages::resolve(catalog, request);
  ResolvedList list;
  for (const auto& resolved : resolution.order) list.chain.push_back(resolved.package.name);
  list.image = resolution.default_image_name;
  list.base = catalog.target().default_base();
  list.json = util::to_text(packages::make_resolve_report(resolution, catalog.target()));
  return list;
}

}  // namespace jcb
