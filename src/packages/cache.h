// SPDX-License-Identifier: Apache-2.0
// The catalog cache: one file `catalog-<key>.json` for a list of trees and a target,
//   {"version": 1, "trees": [{PATH: STAMP, ...}, ...], "packages": [...], "disabled": [...], "load_errors": {...}}
// where `trees` has everything that the scan looked at. It holds as long as every stamp is what it was: reading is then
// one stat each and one JSON parse. It is only ever a copy: broken, foreign or unwritable, it is as if it were absent.
#pragma once

#include "packages/scan.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace jcb::packages {

/// The name of the cache file for these trees and this target.
std::string make_cache_name(const std::vector<PackageTree>& trees, const platform::Target& target);

/// The cached content when it is still true of the trees.
std::optional<CatalogContent> find_cached(const std::filesystem::path& directory, const std::string& name,
                                          const std::vector<PackageTree>& trees);

/// Writes the content of a scan that began at `began_ns` (realtime clock). Not written when something changed so shortly
/// before that a further change would have left the same stamp. Failures are ignored.
void write_cache(const std::filesystem::path& directory, const std::string& name, const std::vector<PackageTree>& trees,
                 const CatalogContent& content, std::int64_t began_ns);

}  // namespace jcb::packages
