// SPDX-License-Identifier: Apache-2.0
// Instruction by instruction, the state that docker keeps while building: environment, arguments, directory, user,
// shell. Expansion follows BuildKit: values within one ENV see the environment before it; ENV beats ARG. Private to
// the planner; the handlers are in stage_planner.cc (configuration), plan_run.cc and plan_copy.cc.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "build/planner.h"
#include "build/variables.h"

namespace jcb::build {

class StagePlanner {
 public:
  /// Plans stage `index` of `stages`, whose parent stage (if any) is planned in `plan`. Images that it takes from are
  /// loaded into `plan`. Borrows everything.
  StagePlanner(const SourceFile& source, const StageList& stages, std::size_t index, const GlobalScope& global, const PlanInputs& inputs,
               BuildPlan& plan);

  /// Takes all instructions, triggers of the base first.
  StagePlan run();

 private:
  using Instruction = dockerfile::Instruction;
  using Handler = void (StagePlanner::*)(const Instruction&);
  static Handler find_handler(dockerfile::Keyword keyword);

  void run_triggers(const Instruction& from);
  void take(const Instruction& instruction);

  std::string expand(const std::string& word) const;
  std::string one_word(const Instruction& instruction) const;
  std::vector<std::string> expand_all(const std::vector<std::string>& words) const;
  std::vector<std::string> shell() const;
  std::vector<std::string> command(const Instruction& instruction) const;
  std::string resolve_path(const std::string& path) const;
  void record(std::string created_by);
  void add_step(Step step, const Instruction& instruction, std::string created_by);
  Origin take_origin(const std::string& name, Step& step);

  void take_arg(const Instruction& instruction);
  void take_env(const Instruction& instruction);
  void take_workdir(const Instruction& instruction);
  void take_user(const Instruction& instruction);
  void take_shell(const Instruction& instruction);
  void take_cmd(const Instruction& instruction);
  void take_entrypoint(const Instruction& instruction);
  void take_label(const Instruction& instruction);
  void take_expose(const Instruction& instruction);
  void take_volume(const Instruction& instruction);
  void take_stopsignal(const Instruction& instruction);
  void take_healthcheck(const Instruction& instruction);
  void take_onbuild(const Instruction& instruction);
  void take_maintainer(const Instruction& instruction);

  void take_run(const Instruction& instruction);
  void take_run_flags(const Instruction& instruction, RunAction& run, Step& step);
  void take_heredocs(const Instruction& instruction, RunAction& run) const;
  std::vector<std::pair<std::string, std::string>> predefined_arguments() const;

  void take_copy(const Instruction& instruction);
  void take_copy_flag(const std::string& name, const std::string& value, CopyAction& copy, PlannedSource& common, Step& step);
  std::vector<PlannedSource> plan_sources(const Instruction& instruction, const PlannedSource& common) const;

  const SourceFile& m_source;
  const StageList& m_stages;
  std::size_t m_index;
  const PlanInputs& m_inputs;
  BuildPlan& m_build;
  StagePlan m_plan;
  Variables m_variables;
  oci::ExecutionConfig& m_config;  // m_plan's
  bool m_cmd_set = false;
};

}  // namespace jcb::build
