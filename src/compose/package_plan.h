// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "build/planner.h"
#include "build/solver.h"
#include "compose/package_key.h"
#include "packages/resolver.h"

namespace jcb::compose {

/// Thrown by PlanContext::load_image where an image would have to be brought first: a forecast ends there.
struct ImageNotReady {};

/// What planning a package needs to know of the composition.
struct PlanContext {
  std::string base_name;                          ///< what ${BASE_IMAGE} is told
  std::map<std::string, std::string> build_args;  ///< the user's; they beat the package's
  std::map<std::string, std::string> hidden_environment;
  std::int64_t epoch = 0;
  std::string network = "host";
  std::string compression;
  const build::DeviceAccess* devices = nullptr;  ///< what RUN and tests get. Borrowed; null: no devices
  /// Brings images that a package names beside its base (FROM of further stages, COPY --from). Throws when one is not at
  /// hand and cannot be brought now.
  std::function<build::Base(const std::string& image, const oci::Platform& platform)> load_image;
};

/// A package ready to be built on a stack.
struct PackagePlan {
  std::unique_ptr<build::BuildPlan> plan;  // its solver borrows it
  std::unique_ptr<build::Solver> solver;
  std::string key;
};

/// Plans a package on `stack` (layers so far, and the configuration so far). Throws Error naming file, line and column.
PackagePlan plan_package(const store::Store& store, const packages::Package& package, const build::Base& stack,
                         const std::vector<std::string>& dependency_keys, const PlanContext& context);

}  // namespace jcb::compose
