// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "build/planner.h"
#include "compose/package_key.h"
#include "packages/resolver.h"

namespace jcb::compose {

/// What planning a package needs to know of the composition.
struct PlanContext {
  std::string base_name;                          ///< what ${BASE_IMAGE} is told
  std::map<std::string, std::string> build_args;  ///< the user's; they beat the package's
  std::map<std::string, std::string> hidden_environment;
  std::int64_t epoch = 0;
  std::string network = "host";
  std::string compression;
};

/// A package ready to be built on a stack.
struct PackagePlan {
  build::Plan plan;
  std::optional<build::Context> context;
  std::string key;
};

/// Plans a package on `stack` (layers so far, and the configuration so far). Throws Error naming file, line and column.
PackagePlan plan_package(const packages::Package& package, const build::Base& stack, const std::vector<std::string>& dependency_keys,
                         const PlanContext& context);

}  // namespace jcb::compose
