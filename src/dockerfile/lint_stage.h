// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dockerfile/lint.h"
#include "dockerfile/lint_rules.h"
#include "dockerfile/lint_words.h"

#include <optional>
#include <set>
#include <string>

namespace jcb::dockerfile {

/// What the instructions of a stage know at one point of it. A stage that stands on another starts with the other's.
struct StageState {
  Environment variables;             ///< what words are expanded with: the base image's, ENV, ARG with a value
  std::set<std::string> declared;    ///< names of ARGs, and of variables whose value is not known
  bool is_complete = true;           ///< false: the base image is unknown, so `variables` lacks its own
  bool has_workdir = false;          ///< a WORKDIR stood before
  bool has_shell = false;            ///< a SHELL stood before, or the base image sets one
  const Instruction* cmd = nullptr;  ///< the last one of this stage itself; the next makes it useless
  const Instruction* entrypoint = nullptr;
  const Instruction* healthcheck = nullptr;
};

/// What all stages share.
struct LintContext {
  const LintOptions& options;
  const Environment& globals;  ///< platform variables and ARGs before the first FROM that have a value
  char escape;
  WarningCollector& warnings;
  ExpansionBudget& budget;
};

/// Checks one instruction behind a FROM and brings `state` to the point behind it. Throws only what the budget throws.
void lint_instruction(const Instruction& instruction, StageState& state, const LintContext& context);

}  // namespace jcb::dockerfile
