// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/lint_stage.h"

#include "dockerfile/expand.h"
#include "jcbuild/error.h"
#include "util/text.h"

#include <array>
#include <filesystem>

namespace jcb::dockerfile {
namespace {

constexpr std::size_t k_shortest_telling_name = 4;

// One instruction, the stage's state in front of it.
class InstructionLinter {
 public:
  InstructionLinter(const Instruction& instruction, StageState& state, const LintContext& context)
      : m_instruction(instruction), m_state(state), m_context(context) {}

  void run();

 private:
  using Names = std::set<std::string>;
  const std::vector<std::string>& arguments() const { return m_instruction.arguments; }
  void warn(Rule rule, std::string message) { m_context.warnings.add(rule, m_instruction, std::move(message)); }

  void report_undefined(const Names& names);
  bool knows_all(const Names& names) const;
  Lookup lookup() const;
  std::optional<std::string> expand(const std::string& word);
  void expand_arguments();
  void expand_flags();

  void check_copy();
  void check_copy_source(const std::string& source);
  void check_env();
  void check_arg();
  void take_arg(const std::string& argument);
  void define(const std::string& name, std::optional<std::string> value);
  void check_pairs_form();
  void check_secret(const std::string& name);
  void check_workdir();
  void check_command(const Instruction*& last);
  void check_used_once(const Instruction*& last);
  void check_expose();

  const Instruction& m_instruction;
  StageState& m_state;
  const LintContext& m_context;
};

void InstructionLinter::report_undefined(const Names& names) {
  for (const std::string& name : names) {
    if (m_state.variables.contains(name) || m_state.declared.contains(name)) continue;
    const std::string suggestion = suggest_name(name, m_state.variables, "$", m_context.budget);
    // An image that nobody has looked into may well define it; a slip of the pen shows anyway, if not in a short name.
    if (!m_state.is_complete && (suggestion.empty() || name.size() < k_shortest_telling_name)) continue;
    warn(Rule::undefined_var, "the variable '$" + name + "' is not defined here" + suggestion);
  }
}

bool InstructionLinter::knows_all(const Names& names) const {
  if (m_state.is_complete) return true;
  for (const std::string& name : names) {
    if (!m_state.variables.contains(name)) return false;
  }
  return true;
}

Lookup InstructionLinter::lookup() const {
  return [this](std::string_view name) -> std::optional<std::string> {
    const auto found = m_state.variables.find(name);
    return found == m_state.variables.end() ? std::nullopt : std::optional(found->second);
  };
}

// The word's value; nothing when it cannot be known here. A word that cannot be expanded fails the build, not the check.
std::optional<std::string> InstructionLinter::expand(const std::string& word) {
  std::optional<std::string> value;
  try {
    const Names names = referenced_variables(word, m_context.escape);
    report_undefined(names);
    if (knows_all(names)) value = expand_word(word, lookup(), m_context.escape);
  } catch (const Error&) {
    return std::nullopt;
  }
  m_context.budget.take(value ? value->size() : 0);
  return value;
}

void InstructionLinter::expand_arguments() {
  for (const std::string& argument : arguments()) expand(argument);
}

// Those flags that a build expands.
void InstructionLinter::expand_flags() {
  constexpr std::array<std::string_view, 4> k_expanded{"--chown=", "--chmod=", "--checksum=", "--mount="};
  for (const std::string& flag : m_instruction.flags) {
    for (const std::string_view name : k_expanded) {
      if (flag.starts_with(name)) expand(flag.substr(name.size()));
    }
  }
}

void InstructionLinter::check_copy_source(const std::string& source) {
  const bool is_remote = source.find("://") != std::string::npos || source.starts_with("git@");
  if (!m_context.options.is_ignored || is_remote) return;
  std::string path = std::filesystem::path("/" + source).lexically_normal().string();
  path.erase(0, path.find_first_not_of('/'));
  if (path.ends_with('/')) path.pop_back();
  const bool is_root = path.empty();
  if (is_root ? !m_context.options.everything_is_ignored : !m_context.options.is_ignored(path)) return;
  warn(Rule::copy_ignored_file, std::string(keyword_name(m_instruction.keyword)) + " takes " + in_quotes(is_root ? "." : path) +
                                    ", which the ignore file leaves out of the context");
}

void InstructionLinter::check_copy() {
  bool is_from_context = true;
  for (const std::string& flag : m_instruction.flags) is_from_context &= !flag.starts_with("--from=");
  for (std::size_t i = 0; i < arguments().size(); ++i) {
    if (find_heredoc(arguments()[i])) continue;
    const auto path = expand(arguments()[i]);
    if (path && is_from_context && i + 1 < arguments().size()) check_copy_source(*path);
  }
  for (const Heredoc& heredoc : m_instruction.heredocs) {
    if (heredoc.expand) report_undefined(variables_in_heredoc(heredoc.content));
  }
}

void InstructionLinter::check_secret(const std::string& name) {
  if (!names_secret(name)) return;
  warn(Rule::secrets_used_in_arg_or_env, std::string(keyword_name(m_instruction.keyword)) + " is no place for a secret (" +
                                             in_quotes(name) + "): everybody can read it in the image");
}

void InstructionLinter::check_pairs_form() {
  if (!m_instruction.legacy_form) return;
  const std::string& name = m_instruction.keyword_text;
  warn(Rule::legacy_key_value_format, "write \"" + name + " key=value\" instead of the old form \"" + name + " key value\"");
}

// Every value sees the variables as they were in front of the instruction.
void InstructionLinter::check_env() {
  check_pairs_form();
  std::map<std::string, std::optional<std::string>> added;
  for (std::size_t i = 0; i + 1 < arguments().size(); i += 2) {
    const std::string name = expand(arguments()[i]).value_or(arguments()[i]);
    check_secret(name);
    added[name] = expand(arguments()[i + 1]);
  }
  for (auto& [name, value] : added) define(name, std::move(value));
}

// A variable whose value cannot be known here is defined all the same.
void InstructionLinter::define(const std::string& name, std::optional<std::string> value) {
  if (value) {
    m_state.variables[name] = std::move(*value);
  } else {
    m_state.variables.erase(name);
    m_state.declared.insert(name);
  }
}

void InstructionLinter::take_arg(const std::string& argument) {
  const auto equals = argument.find('=');
  const std::string name = argument.substr(0, equals);
  check_secret(name);
  m_state.declared.insert(name);
  const auto given = m_context.options.build_args.find(name);
  if (given != m_context.options.build_args.end()) {
    m_state.variables[name] = given->second;
  } else if (equals != std::string::npos) {
    define(name, expand(argument.substr(equals + 1)));
  } else if (const auto global = m_context.globals.find(name); global != m_context.globals.end()) {
    m_state.variables[name] = global->second;
  }
}

void InstructionLinter::check_arg() {
  for (const std::string& argument : arguments()) take_arg(argument);
}

void InstructionLinter::check_workdir() {
  const auto path = expand(arguments().at(0));
  if (path && !m_state.has_workdir && !path->starts_with('/'))
    warn(Rule::workdir_relative_path, "the relative directory " + in_quotes(*path) + " depends on the base image");
  m_state.has_workdir = true;
}

void InstructionLinter::check_used_once(const Instruction*& last) {
  if (last != nullptr)
    m_context.warnings.add(Rule::multiple_instructions_disallowed, m_instruction, *last,
                           "only the last " + m_instruction.keyword_text + " of a stage counts; this one has no effect");
  last = &m_instruction;
}

void InstructionLinter::check_command(const Instruction*& last) {
  check_used_once(last);
  if (m_instruction.json_form || m_state.has_shell) return;
  warn(Rule::json_args_recommended,
       m_instruction.keyword_text + " runs under a shell, which keeps signals from the program: write a JSON array");
}

void InstructionLinter::check_expose() {
  for (const std::string& argument : arguments()) {
    try {
      for (const std::string& port : expand_words(argument, lookup(), m_context.escape)) {
        const PortFaults faults = find_port_faults(port);
        if (faults.has_upper_case_protocol) warn(Rule::expose_proto_casing, "the protocol of '" + port + "' should be in lower case");
        if (faults.has_host_part)
          warn(Rule::expose_invalid_format, "EXPOSE takes no address and no port of the host, as in '" + port + "'");
      }
    } catch (const Error&) {
    }
  }
}

void InstructionLinter::run() {
  expand_flags();
  switch (m_instruction.keyword) {
    case Keyword::copy:
    case Keyword::add:
      return check_copy();
    case Keyword::env:
      return check_env();
    case Keyword::arg:
      return check_arg();
    case Keyword::label:
      check_pairs_form();
      return expand_arguments();
    case Keyword::workdir:
      return check_workdir();
    case Keyword::user:
    case Keyword::volume:
    case Keyword::stopsignal:
      return expand_arguments();
    case Keyword::expose:
      return check_expose();
    case Keyword::shell:
      m_state.has_shell = true;
      return;
    case Keyword::cmd:
      return check_command(m_state.cmd);
    case Keyword::entrypoint:
      return check_command(m_state.entrypoint);
    case Keyword::healthcheck:
      return check_used_once(m_state.healthcheck);
    case Keyword::maintainer:
      return warn(Rule::maintainer_deprecated, "MAINTAINER is out of use: write LABEL org.opencontainers.image.authors=...");
    case Keyword::from:
    case Keyword::run:
    case Keyword::onbuild:
      return;
  }
}

}  // namespace

void lint_instruction(const Instruction& instruction, StageState& state, const LintContext& context) {
  InstructionLinter(instruction, state, context).run();
}

}  // namespace jcb::dockerfile
