// SPDX-License-Identifier: Apache-2.0
#include "compose/composer.h"

#include <algorithm>
#include <chrono>

#include "build/copy.h"
#include "build/step_key.h"
#include "build/variables.h"
#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::compose {
namespace {

constexpr const char* k_package_annotation = "io.jcbuild.package";

// "test.sh torch" -> the interpreter that upstream's extension rule names, on the directory bound at /test.
std::vector<std::string> test_command(const std::string& test) {
  std::vector<std::string> words;
  for (auto& word : util::split(test, ' ')) {
    if (!word.empty()) words.push_back(std::move(word));
  }
  words.front() = "/test/" + words.front();
  words.insert(words.begin(), words.front().ends_with(".py") ? "python3" : "/bin/bash");
  return words;
}

// The digest of a package's directory: its tests may read anything in it.
std::string digest_files(const packages::Package& package) {
  build::ContextOptions options;
  options.modes = build::ModePolicy::normalised;
  build::CopyRequest request;
  request.destination = "/";
  request.arguments.emplace_back();
  request.arguments.back().from = std::make_shared<const build::Context>(util::Root::open(package.directory), std::move(options));
  request.arguments.back().path = ".";
  return build::make_key("files", build::key_fields(request, build::select_sources(request)));
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool is_skipped(const std::vector<std::string>& skipped, const std::string& name) {
  return std::any_of(skipped.begin(), skipped.end(), [&](const std::string& pattern) { return util::matches_glob(pattern, name); });
}

}  // namespace

// The stack so far.
struct Composer::State {
  build::Base stack;  ///< layers with what was added, and the configuration so far
  std::vector<PackageOutcome> packages;
  std::vector<std::string> keys;  ///< by position in the resolution
  build::ImageParts parts;

  std::vector<std::string> trees() const {
    std::vector<std::string> names;
    for (const auto& layer : stack.layers) names.push_back(layer.tree());
    return names;
  }

  std::vector<std::string> dependency_keys(const packages::Resolved& resolved) const {
    std::vector<std::string> result;
    for (const auto index : resolved.depends) result.push_back(keys[index]);
    return result;
  }

  void push(const packages::Package& package, const build::BuildPlan& plan, const std::optional<store::Layer>& layer, std::int64_t epoch) {
    stack.config.config = plan.target_stage().config;
    parts.history.push_back({util::format_rfc3339(epoch), "jcbuild package " + package.name, "", "", !layer});
    if (!layer) return;
    stack.layers.push_back(*layer);
    parts.layers.push_back({*layer, {{k_package_annotation, package.name}}});
  }
};

Composition Composer::compose(const packages::Resolution& resolution, const build::Base& base, TaskId parent) {
  State state;
  state.stack = base;
  for (std::size_t i = 0; i < resolution.order.size(); ++i) {
    const auto& name = resolution.order[i].package.name;
    in_step("building package " + name, [&] { add_package(state, resolution, i, parent); });
  }
  for (const auto& resolved : resolution.order) {
    if (m_options.tests.final_image)
      in_step("testing package " + resolved.package.name + " in the result", [&] { test_package(state, resolved.package, parent); });
  }
  state.parts.base = &base;
  state.parts.config = state.stack.config.config;
  state.parts.epoch = m_options.plan.epoch;
  return {build::write_image(m_store.layout(), state.parts), std::move(state.packages)};
}

void Composer::add_package(State& state, const packages::Resolution& resolution, std::size_t index, TaskId parent) {
  const auto& resolved = resolution.order[index];
  const auto& package = resolved.package;
  if (!package.dockerfile) {
    state.keys.push_back(build::make_key("meta", state.dependency_keys(resolved)));
    state.packages.push_back({package.name, state.keys.back(), true, 0, std::nullopt});
    return;
  }
  const auto planned = plan_package(m_store, package, state.stack, state.dependency_keys(resolved), m_options.plan);
  Task task(m_progress, parent, package.name);
  auto record = m_options.no_cache ? std::nullopt : m_store.find_step(planned.key);
  const bool cached = record.has_value();
  if (!cached) record = build_package(state, package, planned, task);
  state.keys.push_back(planned.key);
  state.packages.push_back({package.name, planned.key, cached, record->seconds, record->layer});
  state.push(package, *planned.plan, record->layer, m_options.plan.epoch);
  if (m_options.tests.intermediate) test_package(state, package, task.id());
  task.finish(cached ? TaskResult::cached : TaskResult::done);
}

store::StepRecord Composer::build_package(const State& state, const packages::Package&, const PackagePlan& planned, Task& task) {
  const store::Lease lease = m_store.lease("package-" + planned.key);
  if (const auto record = m_options.no_cache ? std::nullopt : m_store.find_step(planned.key)) return *record;
  const auto started = std::chrono::steady_clock::now();
  std::vector<std::string> trees;
  const auto& solved = planned.solver->solve(*m_runner, m_options.jobs, task.id());
  for (const auto stage : build::chain_of(*planned.plan)) {
    for (const auto& result : solved.at(stage).results) {
      if (result.tree) trees.push_back(*result.tree);
    }
  }
  store::StepRecord record;
  if (!trees.empty()) record.layer = build::commit_layer(m_store, trees, state.trees(), m_options.commit, task);
  record.seconds = seconds_since(started);
  m_store.put_step(planned.key, record);
  return record;
}

// What every RUN has, tests have too.
std::vector<std::string> Composer::devices() const {
  return m_options.plan.devices == nullptr ? std::vector<std::string>() : m_options.plan.devices->resolve({});
}

// A test's outcome is a function of the tree, the environment and the test's own files.
std::string Composer::test_key(const State& state, const packages::Package& package, const std::string& test) const {
  std::vector<std::string> fields{test, m_options.plan.network, digest_files(package)};
  for (const auto& layer : state.stack.layers) fields.push_back(layer.diff_id.hex());
  for (const auto& device : devices()) fields.push_back("device " + device);
  const auto& environment = state.stack.config.config.env;
  fields.insert(fields.end(), environment.begin(), environment.end());
  return build::make_key("test", fields);
}

bool Composer::is_tested(const State& state, const packages::Package& package) const {
  if (is_skipped(m_options.tests.skipped, package.name)) return true;
  return std::all_of(package.tests.begin(), package.tests.end(),
                     [&](const std::string& test) { return m_store.find_step(test_key(state, package, test)).has_value(); });
}

void Composer::test_package(const State& state, const packages::Package& package, TaskId parent) {
  if (is_skipped(m_options.tests.skipped, package.name)) return;
  for (const auto& test : package.tests) {
    const std::string key = test_key(state, package, test);
    if (!m_options.no_cache && m_store.find_step(key)) continue;
    build::StepRunner::Trial trial;
    trial.argv = test_command(test);
    trial.environment = build::container_environment(state.stack.config.config.env);
    for (const auto& [name, value] : m_options.plan.hidden_environment) trial.environment.push_back(name + "=" + value);
    trial.network = m_options.plan.network;
    trial.devices = devices();
    trial.user = state.stack.config.config.user;
    trial.binds = {{package.directory, "/test", true, {}}};
    trial.name = "test " + package.name + " " + test;
    in_step("running test " + test + " of package " + package.name, [&] { m_runner->try_command(state.trees(), trial, parent); });
    m_store.put_step(key, {});
  }
}

bool Composer::forecast_package(State& state, const packages::Resolved& resolved, Forecast& forecast) const {
  if (!resolved.package.dockerfile) {
    state.keys.push_back(build::make_key("meta", state.dependency_keys(resolved)));
    return true;
  }
  try {
    const auto planned = plan_package(m_store, resolved.package, state.stack, state.dependency_keys(resolved), m_options.plan);
    const auto record = m_store.find_step(planned.key);
    state.keys.push_back(planned.key);
    if (!record) return false;
    forecast.layer = record->layer;
    state.push(resolved.package, *planned.plan, record->layer, m_options.plan.epoch);
    return true;
  } catch (const ImageNotReady&) {
    return false;
  }
}

std::vector<Forecast> Composer::forecast(const packages::Resolution& resolution, const build::Base& base) const {
  State state;
  state.stack = base;
  std::vector<Forecast> forecasts;
  bool known = !m_options.no_cache;
  for (const auto& resolved : resolution.order) {
    forecasts.push_back({resolved.package.name, false, std::nullopt});
    known = known && forecast_package(state, resolved, forecasts.back());
    forecasts.back().cached = known;
  }
  return forecasts;
}

bool Composer::is_complete(const packages::Resolution& resolution, const build::Base& base) const {
  State state;
  state.stack = base;
  if (m_options.no_cache) return false;
  for (const auto& resolved : resolution.order) {
    Forecast forecast;
    if (!forecast_package(state, resolved, forecast)) return false;
    if (m_options.tests.intermediate && !is_tested(state, resolved.package)) return false;
  }
  return !m_options.tests.final_image ||
         std::all_of(resolution.order.begin(), resolution.order.end(),
                     [&](const packages::Resolved& resolved) { return is_tested(state, resolved.package); });
}

}  // namespace jcb::compose
