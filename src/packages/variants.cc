// SPDX-License-Identifier: Apache-2.0
// `variants:` turns one directory into several packages. Each variant is laid over the directory's settings; `when`
// decides whether it exists, `default` whether its family's bare name leads to it. Variants with the same name are
// alternatives for different targets; choosing among them is the catalog's business, which sees all directories.
#include "jcbuild/error.h"
#include "packages/offer.h"
#include "packages/requirement.h"

#include <algorithm>

namespace jcb::packages {
namespace {

std::optional<std::string> find_unmet_at(const std::string& specifier, const SourcePosition& at, const platform::Target& target) {
  try {
    return find_unmet_requirement(specifier, target);
  } catch (const Error& error) {
    reject(at, error.message());
  }
}

std::vector<std::string> find_unmet(const Settings& settings, const Package& package, const platform::Target& target) {
  std::vector<std::string> reasons;
  const auto disabled = settings.find("disabled");
  if (disabled != settings.end() && !disabled->second.is_null() && to_bool(disabled->second, "disabled"))
    reasons.emplace_back("disabled by its configuration");
  const auto requires_ = settings.find("requires");
  for (const auto& specifier : package.requires_) {
    if (auto reason = find_unmet_at(specifier, requires_->second.at, target)) reasons.push_back(std::move(*reason));
  }
  return reasons;
}

Offer make_offer(const Settings& settings, const platform::Target& target) {
  Offer offer;
  offer.package = make_package(settings);
  offer.unmet = find_unmet(settings, offer.package, target);
  return offer;
}

const std::vector<std::string>& variant_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> all = package_keys();
    all.insert(all.end(), {"default", "when"});
    return all;
  }();
  return keys;
}

Offer make_variant(const Node& variant, const Settings& defaults, const platform::Target& target) {
  if (!variant.is_mapping()) reject(variant.at, "a variant must be a mapping");
  require_known_keys(variant, variant_keys(), "a variant");
  Node keys = variant;
  const auto is_own = [](const NodeEntry& entry) { return entry.key == "when" || entry.key == "default" || entry.key == "variants"; };
  if (const Node* nested = variant.find("variants")) reject(nested->at, "a variant cannot have variants");
  keys.entries.erase(std::remove_if(keys.entries.begin(), keys.entries.end(), is_own), keys.entries.end());

  Settings settings;
  update(settings, keys);
  set_defaults(settings, defaults);
  Offer offer = make_offer(settings, target);
  if (const Node* is_default = variant.find("default")) offer.is_default = to_bool(*is_default, "default");
  if (const Node* when = variant.find("when")) {
    for (auto& reason : find_unmet_conditions(*when, target)) offer.unmet.push_back(std::move(reason));
  }
  return offer;
}

}  // namespace

std::vector<Offer> expand_variants(const Settings& settings, const platform::Target& target) {
  const auto variants = settings.find("variants");
  if (variants == settings.end()) return {make_offer(settings, target)};
  if (variants->second.kind != Node::Kind::list || variants->second.items.empty())
    reject(variants->second.at, "'variants' must be a list of mappings");
  Settings defaults = settings;
  defaults.erase("variants");
  std::vector<Offer> offers;
  for (const Node& variant : variants->second.items) offers.push_back(make_variant(variant, defaults, target));
  return offers;
}

}  // namespace jcb::packages
