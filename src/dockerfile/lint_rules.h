// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dockerfile/check_options.h"
#include "dockerfile/lint.h"

#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace jcb::dockerfile {

/// The rules of lint.h.
enum class Rule {
  stage_name_casing,
  from_as_casing,
  no_empty_continuation,
  consistent_instruction_casing,
  duplicate_stage_name,
  reserved_stage_name,
  json_args_recommended,
  maintainer_deprecated,
  undefined_arg_in_from,
  workdir_relative_path,
  undefined_var,
  multiple_instructions_disallowed,
  legacy_key_value_format,
  redundant_target_platform,
  secrets_used_in_arg_or_env,
  invalid_default_arg_in_from,
  from_platform_flag_const_disallowed,
  copy_ignored_file,
  invalid_definition_description,
  expose_proto_casing,
  expose_invalid_format,
};

/// Gathers warnings and drops those that nobody wants: of a rule that the file or a comment in front of the instruction
/// skips, of an experimental one that was not asked for, and the same one said twice.
class WarningCollector {
 public:
  explicit WarningCollector(CheckOptions options) : m_options(std::move(options)) {}

  /// Something about `instruction`.
  void add(Rule rule, const Instruction& instruction, std::string message) { add(rule, instruction, instruction, std::move(message)); }
  /// Something that is told of `place` because of `cause`, whose comments decide whether it is wanted.
  void add(Rule rule, const Instruction& cause, const Instruction& place, std::string message);

  /// All of them, ordered by line.
  LintResult take();

 private:
  bool is_wanted(Rule rule, const Instruction& cause);

  CheckOptions m_options;
  const Instruction* m_cause = nullptr;  // whose comments m_local holds
  CheckOptions m_local;
  std::set<std::tuple<std::size_t, std::string, std::string>> m_seen;
  LintResult m_result;
};

}  // namespace jcb::dockerfile
