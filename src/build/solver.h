// SPDX-License-Identifier: Apache-2.0
// Drives a plan: a worker takes the first step that can run (its predecessor done, and the stages that it takes files
// from), finds it in the store or runs it, and goes on. Every finished step is kept at once, so that a failed or killed
// build goes on where it stopped.
#pragma once

#include <condition_variable>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "build/remote_sources.h"
#include "build/source_trees.h"
#include "build/stage.h"
#include "build/step_inputs.h"
#include "build/step_runner.h"

namespace jcb::build {

/// What became of a stage.
struct SolvedStage {
  std::vector<StepResult> results;  ///< one for each step done so far
  std::vector<Stack> stacks;        ///< below each step
  Stack stack;                      ///< on top of all
};

class Solver {
 public:
  /// `contexts` are the main context (named "") and the named ones. Borrows plan, store and rules.
  Solver(const BuildPlan& plan, const store::Store& store, std::map<std::string, SourceTree> contexts, const CaptureRules& rules,
         RemoteAccess access = {});

  /// Looks at all files that steps take from contexts, so that a missing one is found before anything runs. Throws Error
  /// naming the place.
  void prepare();
  /// What names the result of the plan without running it: hashes everything that the target's files depend on. Needs
  /// `prepare`, and no isolation.
  std::string definition() const;
  /// Runs everything with `jobs` workers. Throws the first Error of a step; steps that run beside it are let finish.
  /// Needs enter_isolation.
  const std::map<std::size_t, SolvedStage>& solve(StepRunner& runner, unsigned jobs, TaskId parent);

 private:
  using StepId = std::pair<std::size_t, std::size_t>;  // stage, position in it
  const Stack& stack_of(const Origin& origin) const;
  StepInputs& inputs(StepId step);
  bool is_finished(std::size_t stage) const;
  bool is_ready(std::size_t stage) const;
  std::optional<std::size_t> find_ready() const;
  bool is_over() const;
  void start_ready_stages();
  Stack start_stack(const Base& base, const oci::Platform& platform) const;
  void work(StepRunner& runner, TaskId parent);
  void run_next(StepRunner& runner, std::size_t stage, TaskId parent, std::unique_lock<std::mutex>& lock);
  void finish_step(std::size_t stage, StepResult result);

  const BuildPlan& m_plan;
  const store::Store& m_store;
  const CaptureRules& m_rules;
  SourceTrees m_trees;
  RemoteSources m_remotes;
  std::map<StepId, std::unique_ptr<StepInputs>> m_inputs;
  std::vector<std::string> m_definitions;       // of all steps' inputs, in order
  std::map<std::size_t, SolvedStage> m_stages;  // those that have begun
  std::map<std::string, Stack> m_images;
  std::set<std::size_t> m_busy;
  mutable std::mutex m_mutex;
  std::condition_variable m_changed;
  std::exception_ptr m_failure;
};

}  // namespace jcb::build
