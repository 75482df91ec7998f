// SPDX-License-Identifier: Apache-2.0
// From a resolution to an image: every package one layer, stacked in the order of the resolution, its tests run on what
// it made, all tests once more on the result, and only then a manifest.
#pragma once

#include <string>
#include <vector>

#include "build/commit.h"
#include "build/image_writer.h"
#include "build/step_runner.h"
#include "compose/package_plan.h"
#include "packages/resolver.h"

namespace jcb::compose {

/// Which package tests run.
struct TestChoice {
  bool intermediate = true;          ///< after each package
  bool final_image = true;           ///< on the result
  std::vector<std::string> skipped;  ///< package names
};

struct ComposeOptions {
  PlanContext plan;
  build::CommitOptions commit;
  TestChoice tests;
  unsigned jobs = 1;  ///< steps at once
  bool no_cache = false;
};

/// What became of one package.
struct PackageOutcome {
  std::string name;
  std::string key;
  bool cached = false;
  double seconds = 0;                 ///< how long its build took, now or when it was built
  std::optional<store::Layer> layer;  ///< nothing: it changes no file
};

struct Composition {
  oci::Descriptor manifest;
  std::vector<PackageOutcome> packages;
};

/// What a composition would do, found without building: packages are looked up as long as everything below is known.
struct Forecast {
  std::string name;
  bool cached = false;
  std::optional<store::Layer> layer;
};

class Composer {
 public:
  /// The store, progress and runner are borrowed. Without a runner (nullptr) only what is_complete may be composed.
  Composer(const store::Store& store, Progress& progress, build::StepRunner* runner, ComposeOptions options)
      : m_store(store), m_progress(progress), m_runner(runner), m_options(std::move(options)) {}

  /// Builds what is missing, tests, and writes the image (no tag). Throws Error naming the package.
  Composition compose(const packages::Resolution& resolution, const build::Base& base, TaskId parent);

  /// Looks up only; needs no runner.
  /// Whether every package and every test of the composition is stored already: nothing would run.
  bool is_complete(const packages::Resolution& resolution, const build::Base& base) const;
  std::vector<Forecast> forecast(const packages::Resolution& resolution, const build::Base& base) const;

 private:
  struct State;
  void add_package(State& state, const packages::Resolution& resolution, std::size_t index, TaskId parent);
  store::StepRecord build_package(const State& state, const packages::Package& package, const PackagePlan& planned, Task& task);
  std::vector<std::string> devices() const;
  std::string test_key(const State& state, const packages::Package& package, const std::string& test) const;
  bool is_tested(const State& state, const packages::Package& package) const;
  bool forecast_package(State& state, const packages::Resolved& resolved, Forecast& forecast) const;
  void test_package(const State& state, const packages::Package& package, TaskId parent);

  const store::Store& m_store;
  Progress& m_progress;
  build::StepRunner* m_runner;
  ComposeOptions m_options;
};

}  // namespace jcb::compose
