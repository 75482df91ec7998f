// SPDX-License-Identifier: Apache-2.0
#include "build/solver.h"

#include <algorithm>
#include <thread>

#include "build/step_key.h"
#include "jcbuild/error.h"

namespace jcb::build {

Solver::Solver(const BuildPlan& plan, const store::Store& store, std::map<std::string, SourceTree> contexts, const CaptureRules& rules,
               RemoteAccess access)
    : m_plan(plan),
      m_store(store),
      m_rules(rules),
      m_trees(store, std::move(contexts), [this](const Origin& origin) -> const Stack& { return stack_of(origin); }),
      m_remotes(store, std::move(access), [this] { return m_trees.make_directory("remote"); }) {
  for (const auto& [name, base] : plan.images) m_images[name] = start_stack(base, plan.target_stage().platform);
}

Stack Solver::start_stack(const Base& base, const oci::Platform& platform) const {
  KeyStart start{platform.text(), m_plan.epoch, m_rules.id, {}};
  Stack stack;
  for (const auto& layer : base.layers) {
    stack.trees.push_back(layer.tree());
    start.diff_ids.push_back(layer.diff_id);
  }
  stack.state = start_state(start);
  return stack;
}

const Stack& Solver::stack_of(const Origin& origin) const {
  if (origin.kind == Origin::Kind::image) return m_images.at(origin.name);
  const std::lock_guard lock(m_mutex);
  return m_stages.at(origin.stage).stack;
}

StepInputs& Solver::inputs(StepId id) {
  const std::lock_guard lock(m_mutex);
  auto& inputs = m_inputs[id];
  if (!inputs) inputs = std::make_unique<StepInputs>(m_plan.stages.at(id.first).steps[id.second], m_trees, m_remotes, m_store);
  return *inputs;
}

void Solver::prepare() {
  for (const auto& [index, stage] : m_plan.stages) {
    for (std::size_t i = 0; i < stage.steps.size(); ++i) {
      in_step(stage.steps[i].place, [&] { m_definitions.push_back(inputs({index, i}).definition()); });
    }
  }
}

std::string Solver::definition() const {
  std::vector<std::string> fields;
  for (const auto& [index, stage] : m_plan.stages) {
    fields.push_back(stage.parent ? "on stage " + std::to_string(*stage.parent) : start_stack(stage.base, stage.platform).state);
    for (const auto& step : stage.steps) fields.push_back(step_key(step.parts));
  }
  fields.insert(fields.end(), m_definitions.begin(), m_definitions.end());
  for (const auto& [name, stack] : m_images) fields.push_back(name + " " + stack.state);
  return make_key("definition", fields);
}

bool Solver::is_finished(std::size_t stage) const {
  const auto found = m_stages.find(stage);
  return found != m_stages.end() && found->second.results.size() == m_plan.stages.at(stage).steps.size();
}

bool Solver::is_ready(std::size_t stage) const {
  const auto found = m_stages.find(stage);
  if (found == m_stages.end() || is_finished(stage) || m_busy.count(stage) != 0) return false;
  const auto& step = m_plan.stages.at(stage).steps[found->second.results.size()];
  return std::all_of(step.dependencies.begin(), step.dependencies.end(), [&](std::size_t need) { return is_finished(need); });
}

std::optional<std::size_t> Solver::find_ready() const {
  for (const auto& [index, stage] : m_plan.stages) {
    if (is_ready(index)) return index;
  }
  return std::nullopt;
}

bool Solver::is_over() const { return m_failure || is_finished(m_plan.target); }

// A stage begins when what it stands on is finished. Stages are sorted so that a parent comes first.
void Solver::start_ready_stages() {
  for (const auto& [index, stage] : m_plan.stages) {
    if (m_stages.count(index) != 0) continue;
    if (!stage.parent) {
      m_stages[index].stack = start_stack(stage.base, stage.platform);
    } else if (is_finished(*stage.parent)) {
      const Stack below = m_stages[*stage.parent].stack;
      m_stages[index].stack = below;
    }
  }
}

const std::map<std::size_t, SolvedStage>& Solver::solve(StepRunner& runner, unsigned jobs, TaskId parent) {
  start_ready_stages();
  std::vector<std::thread> helpers;
  // A thread for each stage at most: more would never find a step.
  for (unsigned i = 1; i < std::min<std::size_t>(jobs, m_plan.stages.size()); ++i) helpers.emplace_back([&] { work(runner, parent); });
  work(runner, parent);
  for (auto& helper : helpers) helper.join();
  if (m_failure) std::rethrow_exception(m_failure);
  return m_stages;
}

void Solver::work(StepRunner& runner, TaskId parent) {
  std::unique_lock lock(m_mutex);
  while (!is_over()) {
    if (const auto stage = find_ready()) {
      run_next(runner, *stage, parent, lock);
    } else {
      m_changed.wait(lock);
    }
  }
}

void Solver::run_next(StepRunner& runner, std::size_t stage, TaskId parent, std::unique_lock<std::mutex>& lock) {
  const auto& plan = m_plan.stages.at(stage);
  auto& solved = m_stages.at(stage);
  const std::size_t position = solved.results.size();
  m_busy.insert(stage);
  lock.unlock();
  std::optional<StepResult> result;
  std::exception_ptr failure;
  try {
    const auto& step = plan.steps[position];
    result = in_step("running " + step.place, [&] {
      const std::string name = m_plan.file + " " + plan.name + " " + std::to_string(position) + " " + plan.platform.text();
      return runner.run(step, {&solved.stack, &inputs({stage, position}), &m_trees, &plan.platform, name, parent});
    });
  } catch (...) {
    failure = std::current_exception();
  }
  lock.lock();
  m_busy.erase(stage);
  if (failure && !m_failure) m_failure = failure;
  if (result) finish_step(stage, std::move(*result));
  m_changed.notify_all();
}

void Solver::finish_step(std::size_t stage, StepResult result) {
  auto& solved = m_stages.at(stage);
  solved.stacks.push_back(solved.stack);
  if (result.tree) solved.stack.trees.push_back(*result.tree);
  solved.stack.state = next_state(solved.stack.state, result.output);
  solved.results.push_back(std::move(result));
  start_ready_stages();
}

}  // namespace jcb::build
