// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "packages/package.h"
#include "packages/settings.h"
#include "packages/tree.h"
#include "platform/target.h"

#include <string>
#include <vector>

namespace jcb::packages {

/// What a directory offers under one name: a package, and why it does not exist for the target.
struct Offer {
  Package package;
  std::vector<std::string> unmet;  ///< one reason per failing condition; empty: the package exists
  bool is_default = false;         ///< takes its family's bare name
};

/// Reads the packages of one directory of a tree (header, configs, variants). `entries` is its listing. Empty where the
/// directory has neither Dockerfile nor configuration. Throws Error(invalid) "FILE:LINE:COLUMN: cause".
std::vector<Offer> read_offers(PackageTree& tree, const std::string& path, const std::vector<util::DirEntry>& entries,
                               const platform::Target& target);

/// The offers that a package's settings make: one, or one for each of its `variants`.
std::vector<Offer> expand_variants(const Settings& settings, const platform::Target& target);

}  // namespace jcb::packages
