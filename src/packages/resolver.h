// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "packages/catalog.h"

#include <string>
#include <vector>

namespace jcb::packages {

/// One package of a resolution.
struct Resolved {
  Package package;
  std::vector<std::size_t> depends;  ///< positions of its direct dependencies in the order; all smaller than its own
  std::string reason;                ///< "requested" or "needed by pytorch"
};

/// A request resolved: every package of its closure once, dependencies first.
struct Resolution {
  std::vector<std::string> request;  ///< as asked
  std::vector<Resolved> order;
  /// The image's name where the user gives none: the names asked for, in their order, and the target in the tag; a
  /// valid repository and tag ("ros:noetic-bookworm-x86_64", "pytorch-ros-noetic:r36.4.3-cu126-aarch64").
  std::string default_image_name;
  /// All transitive dependencies of order[index], ascending.
  std::vector<std::size_t> closure(std::size_t index) const;
};

/// Resolves strictly: each request and dependency names a package or an alias; one version a family (the part of the
/// name before ':'): a pin anywhere in the request wins over a default wanted by a dependency, two different pins are
/// Error(refused) with the chain of reasons. Which packages come is a function of
/// the set of requests; their order follows the request: each requested package after what it needs, so that adding one
/// at the end changes nothing below it (docs/design/001-foundation.md, "Order of a stack"). Throws Error(not_found) for unknown names,
/// Error(refused) for a cycle, printed "a -> b -> a".
Resolution resolve(const Catalog& catalog, const std::vector<std::string>& request);

}  // namespace jcb::packages
