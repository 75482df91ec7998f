// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "packages/catalog.h"
#include "packages/tree.h"

#include <map>
#include <string>
#include <vector>

namespace jcb::packages {

/// What a catalog holds besides its index: what a scan finds and a cache keeps.
struct CatalogContent {
  std::vector<Package> packages;  ///< sorted by name; an alias belongs to one package only
  std::vector<Disabled> disabled;
  std::map<std::string, std::string> load_errors;
  bool operator==(const CatalogContent&) const = default;
};

/// Reads all directories of all trees and decides which package a name denotes for the target.
CatalogContent scan_trees(std::vector<PackageTree>& trees, const platform::Target& target);

}  // namespace jcb::packages
