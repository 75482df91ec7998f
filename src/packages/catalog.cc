// SPDX-License-Identifier: Apache-2.0
#include "packages/catalog.h"

#include "jcbuild/error.h"
#include "packages/cache.h"
#include "packages/scan.h"
#include "packages/settings.h"
#include "util/text.h"

#include <algorithm>
#include <ctime>

namespace jcb::packages {
namespace {

std::int64_t realtime_ns() {
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

CatalogContent load_content(std::vector<PackageTree>& trees, const platform::Target& target,
                            const std::optional<std::filesystem::path>& cache_directory) {
  if (!cache_directory) return scan_trees(trees, target);
  const std::string name = make_cache_name(trees, target);
  if (auto cached = find_cached(*cache_directory, name, trees)) return std::move(*cached);
  const std::int64_t began_ns = realtime_ns();
  CatalogContent content = scan_trees(trees, target);
  write_cache(*cache_directory, name, trees, content, began_ns);
  return content;
}

// By its own name, by an alias, or, for a family of which nothing exists here, by the family's name.
const Disabled* find_disabled(const std::vector<Disabled>& disabled, std::string_view name) {
  const auto find_by = [&](auto matches) {
    const auto found = std::find_if(disabled.begin(), disabled.end(), matches);
    return found == disabled.end() ? nullptr : &*found;
  };
  if (const Disabled* one = find_by([&](const Disabled& d) { return d.name == name; })) return one;
  const auto has_alias = [&](const Disabled& d) { return std::find(d.aliases.begin(), d.aliases.end(), name) != d.aliases.end(); };
  if (const Disabled* one = find_by(has_alias)) return one;
  return find_by([&](const Disabled& d) { return family_of(d.name) == name; });
}

std::string explain_absence(const Disabled& disabled, std::string_view asked) {
  const std::string reasons = util::join(disabled.reasons, "; ");
  return disabled.name == asked ? reasons : disabled.name + " " + reasons;
}

std::vector<std::string> family_members(const std::vector<Package>& packages, std::string_view name) {
  std::vector<std::string> members;
  for (const auto& package : packages) {
    if (family_of(package.name) == family_of(name)) members.push_back(package.name);
  }
  return members;
}

// A directory that could not be read and is called like the family: the likeliest reason why the name is unknown.
std::string explain_by_load_error(const std::map<std::string, std::string>& load_errors, std::string_view name) {
  for (const auto& [directory, message] : load_errors) {
    if (std::string_view(directory).substr(directory.rfind('/') + 1) == family_of(name))
      return ": " + directory + " cannot be read: " + message;
  }
  return {};
}

// All when few, else some and how many more.
std::string list_some(std::vector<std::string> names) {
  constexpr std::size_t few = 8;
  const std::size_t count = names.size();
  if (count > few) names.resize(few);
  return util::join(names, ", ") + (count > few ? " and " + std::to_string(count - few) + " more" : "");
}

}  // namespace

Catalog Catalog::load(const std::vector<std::filesystem::path>& trees, const platform::Target& target,
                      const std::optional<std::filesystem::path>& cache_directory) {
  std::vector<PackageTree> opened;
  for (const auto& tree : trees) opened.push_back(PackageTree::open(tree));
  CatalogContent content = load_content(opened, target, cache_directory);

  Catalog catalog;
  catalog.m_packages = std::move(content.packages);
  catalog.m_disabled = std::move(content.disabled);
  catalog.m_load_errors = std::move(content.load_errors);
  catalog.m_target = target;
  const auto& packages = catalog.m_packages;
  for (std::size_t i = 0; i < packages.size(); ++i) catalog.m_index.emplace(packages[i].name, i);
  for (std::size_t i = 0; i < packages.size(); ++i) {
    for (const auto& alias : packages[i].aliases) catalog.m_index.emplace(alias, i);
  }
  return catalog;
}

const Package* Catalog::find(std::string_view name) const {
  const auto found = m_index.find(name);
  return found == m_index.end() ? nullptr : &m_packages[found->second];
}

void Catalog::throw_missing(std::string_view name) const {
  const std::string shown = "package '" + util::escape_text(name) + "'";
  const auto members = family_members(m_packages, name);
  const std::string family = members.empty() ? "" : "here there are " + list_some(members);
  if (const Disabled* disabled = find_disabled(m_disabled, name)) {
    throw Error(ErrorKind::not_found, shown + " does not exist for this target: " + explain_absence(*disabled, name),
                family.empty() ? "another target is given with --distro, --l4t, --cuda or --arch" : family);
  }
  std::vector<std::string> candidates;
  for (const auto& [candidate, index] : m_index) candidates.push_back(candidate);
  const std::string guess = util::did_you_mean(util::nearest_names(name, candidates));
  std::string hint = family.empty() ? guess : family;
  if (hint.empty()) hint = "'jcbuild packages list' shows all";
  throw Error(ErrorKind::not_found, shown + " does not exist" + explain_by_load_error(m_load_errors, name), hint);
}

}  // namespace jcb::packages
