// SPDX-License-Identifier: Apache-2.0
#include "build/planner.h"

#include <algorithm>

#include "build/base_image.h"
#include "build/stage_planner.h"
#include "jcbuild/error.h"

namespace jcb::build {
namespace {

// Images are asked for more than once: by the epoch, by FROM, by --from.
class Images {
 public:
  explicit Images(const PlanInputs& inputs) : m_inputs(inputs) {}

  Base load(const std::string& image, const oci::Platform& platform) {
    const std::string key = platform.text() + " " + image;
    const auto found = m_loaded.find(key);
    if (found != m_loaded.end()) return found->second;
    return m_loaded.emplace(key, m_inputs.load_image(image, platform)).first->second;
  }

 private:
  const PlanInputs& m_inputs;
  std::map<std::string, Base> m_loaded;
};

std::size_t find_root(const StageList& stages, std::size_t stage) {
  while (const auto below = stages.parent(stage)) stage = *below;
  return stage;
}

}  // namespace

std::vector<std::size_t> chain_of(const BuildPlan& plan) {
  std::vector<std::size_t> chain{plan.target};
  while (const auto below = plan.stages.at(chain.back()).parent) chain.push_back(*below);
  std::reverse(chain.begin(), chain.end());
  return chain;
}

BuildPlan plan_build(const SourceFile& file, const PlanInputs& given) {
  GlobalScope global(given.build_args, given.platform);
  const StageList stages(file, global, given.contexts);
  Images images(given);
  PlanInputs inputs = given;
  inputs.load_image = [&](const std::string& image, const oci::Platform& platform) { return images.load(image, platform); };
  BuildPlan plan;
  plan.file = file.name;
  plan.target = stages.find_target(inputs.target);
  const auto needed = stages.find_needed(plan.target);
  const auto& root = stages.all()[find_root(stages, plan.target)];
  in_step(place_name(file, file.parsed.instructions[root.begin].position), [&] {
    if (inputs.contexts.directories.count(root.image) != 0) return;  // refused with its reason when the stage is planned
    plan.epoch =
        choose_epoch(inputs.given_epoch, inputs.load_image(stages.root_image(plan.target), root.platform.value_or(inputs.platform)));
  });
  inputs.extra_environment["SOURCE_DATE_EPOCH"] = std::to_string(plan.epoch);
  for (const auto index : needed) {
    const auto& from = file.parsed.instructions[stages.all()[index].begin];
    auto planner =
        in_step(place_name(file, from.position), [&] { return std::make_unique<StagePlanner>(file, stages, index, global, inputs, plan); });
    plan.stages.emplace(index, planner->run());
  }
  return plan;
}

}  // namespace jcb::build
