// SPDX-License-Identifier: Apache-2.0
// The walk is upstream's with its listing order fixed: sorted bytewise, children before the directory's own files,
// entries that start with `__` skipped, two places by name. Entries that start with a dot are skipped too (upstream
// walks `.git`), and links to directories are not followed (no loops).
// What a name denotes: the first offer that exists. Offers of one directory under one name are alternatives; a second
// directory of the same tree with that name is a mistake and loses; in a later tree it is an override and is silent.
#include "packages/scan.h"

#include "jcbuild/error.h"
#include "packages/offer.h"

#include <algorithm>
#include <set>

namespace jcb::packages {
namespace {

constexpr std::size_t k_depth_limit = 32;
constexpr std::size_t k_directory_limit = 20'000;

bool is_skipped(const std::string& name, const std::string& path) {
  if (name.starts_with("__") || name.starts_with('.')) return true;
  // Upstream's own lists: helpers of the ROS package that look like packages, and a vendored source tree.
  return path.find("physicalAI/ros/") != std::string::npos || path.find("vila-microservice/src") != std::string::npos;
}

// A name's alternatives that do not exist here, one after another.
struct Absence {
  std::vector<std::string> aliases;
  std::vector<std::vector<std::string>> reasons;
};

std::string join_reasons(const std::vector<std::string>& reasons) {
  std::string text;
  for (const auto& reason : reasons) text += (text.empty() ? "" : " and ") + reason;
  return text;
}

class Scanner {
 public:
  explicit Scanner(const platform::Target& target) : m_target(target) {}

  void scan(PackageTree& tree) {
    m_in_tree.clear();
    enter(tree, "", 0);
  }
  CatalogContent finish();

 private:
  void walk(PackageTree& tree, const std::string& path, std::size_t depth);
  void enter(PackageTree& tree, const std::string& path, std::size_t depth);
  void add_directory(PackageTree& tree, const std::string& path, const std::vector<util::DirEntry>& entries);
  void add_offer(Offer& offer, std::set<std::string>& default_families, std::set<std::string>& names);
  void add_package(Package package);
  void add_error(const PackageTree& tree, const std::string& path, const std::string& message);
  void claim_aliases();

  const platform::Target& m_target;
  std::size_t m_directories = 0;
  std::vector<Package> m_packages;               // in the order of the scan
  std::map<std::string, std::size_t> m_by_name;  // position in m_packages
  std::map<std::string, std::string> m_in_tree;  // names of the current tree -> directory
  std::map<std::string, Absence> m_absent;
  std::map<std::string, std::string> m_load_errors;
};

void Scanner::walk(PackageTree& tree, const std::string& path, std::size_t depth) {
  if (++m_directories > k_directory_limit || depth > k_depth_limit)
    throw Error(ErrorKind::invalid, "too many directories, or nested too deep, for a tree of packages");
  const auto entries = tree.list(path);
  for (const auto& entry : entries) {
    const std::string child = path.empty() ? entry.name : path + "/" + entry.name;
    if (S_ISDIR(entry.type) && !is_skipped(entry.name, child)) enter(tree, child, depth + 1);
  }
  add_directory(tree, path, entries);
}

// What is wrong with one directory costs only that directory.
void Scanner::enter(PackageTree& tree, const std::string& path, std::size_t depth) {
  try {
    walk(tree, path, depth);
  } catch (const Error& error) {
    add_error(tree, path, error.message());
  }
}

void Scanner::add_directory(PackageTree& tree, const std::string& path, const std::vector<util::DirEntry>& entries) {
  std::vector<Offer> offers = read_offers(tree, path, entries, m_target);
  for (const auto& offer : offers) {
    const auto taken = m_in_tree.find(offer.package.name);
    if (taken != m_in_tree.end() && offer.unmet.empty())
      throw Error(ErrorKind::invalid, offer.package.relative_path + ": the name '" + offer.package.name + "' is taken by " + taken->second);
  }
  std::set<std::string> default_families, names;
  for (auto& offer : offers) add_offer(offer, default_families, names);
}

void Scanner::add_offer(Offer& offer, std::set<std::string>& default_families, std::set<std::string>& names) {
  Package& package = offer.package;
  if (!offer.unmet.empty()) {
    Absence& absence = m_absent[package.name];
    absence.reasons.push_back(std::move(offer.unmet));
    for (auto& alias : package.aliases) absence.aliases.push_back(std::move(alias));
    if (offer.is_default) absence.aliases.emplace_back(family_of(package.name));
    return;
  }
  if (!names.insert(package.name).second) return;
  const std::string family(family_of(package.name));
  if (offer.is_default && default_families.insert(family).second) package.aliases.push_back(family);
  add_package(std::move(package));
}

void Scanner::add_package(Package package) {
  m_in_tree.emplace(package.name, package.relative_path);
  if (!m_by_name.emplace(package.name, m_packages.size()).second) return;
  m_packages.push_back(std::move(package));
}

// Two trees may both have "packages/x"; the second one is then named in full.
void Scanner::add_error(const PackageTree& tree, const std::string& path, const std::string& message) {
  if (!m_load_errors.emplace(tree.display_path(path), message).second) m_load_errors[(tree.directory() / path).native()] = message;
}

void Scanner::claim_aliases() {
  std::set<std::string> claimed;
  for (auto& package : m_packages) {
    const auto is_useless = [&](const std::string& alias) { return alias == package.name || !claimed.insert(alias).second; };
    auto& aliases = package.aliases;
    aliases.erase(std::remove_if(aliases.begin(), aliases.end(), is_useless), aliases.end());
  }
}

CatalogContent Scanner::finish() {
  claim_aliases();
  CatalogContent content;
  content.load_errors = std::move(m_load_errors);
  for (auto& [name, absence] : m_absent) {
    if (m_by_name.find(name) != m_by_name.end()) continue;
    Disabled disabled{.name = name, .aliases = std::move(absence.aliases), .reasons = absence.reasons.front()};
    if (absence.reasons.size() > 1) {
      disabled.reasons = {join_reasons(absence.reasons.front())};
      for (std::size_t i = 1; i < absence.reasons.size(); ++i) disabled.reasons.push_back("or " + join_reasons(absence.reasons[i]));
    }
    content.disabled.push_back(std::move(disabled));
  }
  std::sort(m_packages.begin(), m_packages.end(), [](const Package& a, const Package& b) { return a.name < b.name; });
  content.packages = std::move(m_packages);
  return content;
}

}  // namespace

CatalogContent scan_trees(std::vector<PackageTree>& trees, const platform::Target& target) {
  Scanner scanner(target);
  for (auto& tree : trees) scanner.scan(tree);
  return scanner.finish();
}

}  // namespace jcb::packages
