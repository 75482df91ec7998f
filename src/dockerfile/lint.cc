// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/lint.h"

#include "dockerfile/expand.h"
#include "dockerfile/image_name.h"
#include "dockerfile/lint_rules.h"
#include "dockerfile/lint_stage.h"
#include "dockerfile/lint_words.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::dockerfile {
namespace {

bool is_lower_case(const std::string& text) { return text == util::to_lower(text); }
bool is_upper_case(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

Lookup in(const Environment& variables) {
  return [&variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

std::string stage_name(const Instruction& from) { return from.arguments.size() == 3 ? util::to_lower(from.arguments[2]) : ""; }

// The whole file, instruction by instruction.
class FileLinter {
 public:
  FileLinter(const Dockerfile& file, const LintOptions& options, WarningCollector& warnings);
  void run();

 private:
  std::string expand(std::string_view word, const Environment& variables);
  Environment evaluate_globals(const Environment* build_args);
  void check_casing();
  void check_description(const Instruction& instruction);
  void check_from(const Instruction& from);
  void check_stage_name(const Instruction& from);
  void check_default_image(const Instruction& from);
  void report_undeclared(const Instruction& from, const std::string& word);
  void check_platform(const Instruction& from, const std::string& platform);
  void begin_stage(const Instruction& from);
  StageState stage_on_image(const std::string& image) const;

  const Dockerfile& m_file;
  const LintOptions& m_options;
  WarningCollector& m_warnings;
  ExpansionBudget m_budget;
  Environment m_known_globals;                   // declared before the first FROM; values do not matter
  std::optional<Environment> m_default_globals;  // nothing: a default cannot be expanded
  Environment m_globals;
  std::map<std::string, StageState> m_stages;  // by name, as they were left
  std::set<std::string> m_stage_names;
  StageState m_state;
  std::string m_name;  // of the stage at hand
};

FileLinter::FileLinter(const Dockerfile& file, const LintOptions& options, WarningCollector& warnings)
    : m_file(file), m_options(options), m_warnings(warnings) {
  try {
    m_default_globals = evaluate_globals(nullptr);
    m_globals = evaluate_globals(&options.build_args);
  } catch (const Error&) {
    m_globals = platform_variables(options.platform, options.target);
  }
}

std::string FileLinter::expand(std::string_view word, const Environment& variables) {
  std::string value = expand_word(word, in(variables), m_file.escape);
  m_budget.take(value.size());
  return value;
}

// The variables that FROM may use: those of the platform, and the ARGs before the first FROM.
Environment FileLinter::evaluate_globals(const Environment* build_args) {
  Environment variables = platform_variables(m_options.platform, m_options.target);
  m_known_globals.insert(variables.begin(), variables.end());
  for (const Instruction& instruction : m_file.instructions) {
    if (instruction.keyword != Keyword::arg) break;
    for (const std::string& argument : instruction.arguments) {
      const auto equals = argument.find('=');
      const std::string name = argument.substr(0, equals);
      m_known_globals.emplace(name, "");
      if (build_args != nullptr && build_args->contains(name)) {
        variables[name] = build_args->find(name)->second;
      } else if (equals != std::string::npos) {
        variables[name] = expand(std::string_view(argument).substr(equals + 1), variables);
      }
    }
  }
  return variables;
}

// The case that most instructions have is the right one; ARGs before the first FROM have no say.
void FileLinter::check_casing() {
  const auto first = std::find_if(m_file.instructions.begin(), m_file.instructions.end(),
                                  [](const Instruction& instruction) { return instruction.keyword == Keyword::from; });
  std::ptrdiff_t lower = 0, upper = 0;
  for (auto at = first; at != m_file.instructions.end(); ++at) {
    lower += is_lower_case(at->keyword_text) ? 1 : 0;
    upper += is_upper_case(at->keyword_text) ? 1 : 0;
  }
  const bool want_lower = lower > upper;
  for (auto at = first; at != m_file.instructions.end(); ++at) {
    if (want_lower ? is_lower_case(at->keyword_text) : is_upper_case(at->keyword_text)) continue;
    m_warnings.add(
        Rule::consistent_instruction_casing, *at,
        "'" + at->keyword_text + "' should be written as most instructions are, in " + (want_lower ? "lower case" : "upper case"));
  }
}

void FileLinter::check_description(const Instruction& instruction) {
  std::vector<std::string> names;
  if (instruction.keyword == Keyword::from && !stage_name(instruction).empty()) names = {stage_name(instruction)};
  if (instruction.keyword == Keyword::arg) {
    for (const std::string& argument : instruction.arguments) names.push_back(argument.substr(0, argument.find('=')));
  }
  if (names.empty() || instruction.comments.empty()) return;
  const std::string& comment = instruction.comments.back();
  if (std::find(names.begin(), names.end(), comment.substr(0, comment.find(' '))) != names.end()) return;
  m_warnings.add(Rule::invalid_definition_description, instruction,
                 "the comment on this " + std::string(keyword_name(instruction.keyword)) + " should have the form `# " +
                     (names.size() == 1 ? names[0] : "NAME") + " DESCRIPTION`");
}

void FileLinter::check_stage_name(const Instruction& from) {
  const std::string name = stage_name(from);
  if (name.empty()) return;
  if (from.arguments[2] != name)
    m_warnings.add(Rule::stage_name_casing, from, "the stage name '" + from.arguments[2] + "' should be in lower case");
  const std::string& as = from.arguments[1];
  const bool is_mixed = !is_lower_case(from.keyword_text) && !is_upper_case(from.keyword_text);
  if (!is_mixed && (is_lower_case(from.keyword_text) ? !is_lower_case(as) : !is_upper_case(as)))
    m_warnings.add(Rule::from_as_casing, from, "'" + as + "' and '" + from.keyword_text + "' are written in different cases");
  if (name == "scratch" || name == "context")
    m_warnings.add(Rule::reserved_stage_name, from, "a stage cannot well be named " + in_quotes(name) + ": the name is reserved");
  if (!m_stage_names.insert(name).second)
    m_warnings.add(Rule::duplicate_stage_name, from, "there is another stage named " + in_quotes(name));
}

void FileLinter::check_default_image(const Instruction& from) {
  if (!m_default_globals) return;
  try {
    if (is_image_name(expand(from.arguments[0], *m_default_globals))) return;
    m_warnings.add(Rule::invalid_default_arg_in_from, from, "with the defaults of its ARGs, '" + from.arguments[0] + "' names no image");
  } catch (const Error&) {
    m_default_globals.reset();
  }
}

void FileLinter::report_undeclared(const Instruction& from, const std::string& word) {
  try {
    for (const std::string& name : referenced_variables(word, m_file.escape)) {
      if (m_known_globals.contains(name)) continue;
      m_warnings.add(Rule::undefined_arg_in_from, from,
                     "no ARG before the first FROM declares '" + name + "'" + suggest_name(name, m_known_globals, "", m_budget));
    }
  } catch (const Error&) {
  }
}

void FileLinter::check_platform(const Instruction& from, const std::string& platform) {
  report_undeclared(from, platform);
  try {
    const std::set<std::string> names = referenced_variables(platform, m_file.escape);
    const std::string value = expand(platform, m_globals);
    if (names == std::set<std::string>{"TARGETPLATFORM"} && value == m_globals.find("TARGETPLATFORM")->second)
      m_warnings.add(Rule::redundant_target_platform, from, "--platform=" + platform + " says what is the default");
    const auto words = names.empty() ? find_platform(value) : std::nullopt;
    const std::string name = stage_name(from);
    if (!words || name.find(words->os) != std::string::npos) return;
    if (!words->architecture.empty() && name.find(words->architecture) != std::string::npos) return;
    m_warnings.add(Rule::from_platform_flag_const_disallowed, from, "--platform is the constant " + in_quotes(value));
  } catch (const Error&) {
  }
}

void FileLinter::check_from(const Instruction& from) {
  check_stage_name(from);
  check_default_image(from);
  report_undeclared(from, from.arguments[0]);
  constexpr std::string_view k_platform = "--platform=";
  for (const std::string& flag : from.flags) {
    if (flag.starts_with(k_platform)) check_platform(from, flag.substr(k_platform.size()));
  }
}

StageState FileLinter::stage_on_image(const std::string& image) const {
  StageState state;
  state.variables = {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}};
  if (image == "scratch") return state;
  const auto base = m_options.find_base ? m_options.find_base(image) : std::nullopt;
  state.is_complete = base.has_value();
  if (!base) return state;
  for (const auto& [name, value] : base->environment) state.variables[name] = value;
  state.has_shell = base->has_shell;
  return state;
}

void FileLinter::begin_stage(const Instruction& from) {
  if (!m_name.empty()) m_stages[m_name] = std::move(m_state);
  m_name = stage_name(from);
  std::string base;
  try {
    base = expand(from.arguments[0], m_globals);
  } catch (const Error&) {
  }
  const auto stage = m_stages.find(util::to_lower(base));
  m_state = stage == m_stages.end() ? stage_on_image(base) : stage->second;
  m_budget.take_copy(m_state.variables);
  for (const std::string& name : m_state.declared) m_budget.take_copy({{name, ""}});
  m_state.cmd = m_state.entrypoint = m_state.healthcheck = nullptr;
}

void FileLinter::run() {
  check_casing();
  const LintContext context{m_options, m_globals, m_file.escape, m_warnings, m_budget};
  bool in_stage = false;
  for (const Instruction& instruction : m_file.instructions) {
    if (instruction.empty_continuation_line != 0)
      m_warnings.add(Rule::no_empty_continuation, instruction,
                     "a blank line inside a continued " + std::string(keyword_name(instruction.keyword)));
    check_description(instruction);
    if (instruction.keyword == Keyword::from) {
      check_from(instruction);
      begin_stage(instruction);
      in_stage = true;
    } else if (in_stage) {
      lint_instruction(instruction, m_state, context);
    }
  }
}

CheckOptions options_of(const Dockerfile& file, const LintOptions& options) {
  if (options.check) return parse_check_options(*options.check);
  const auto directive = file.directives.find("check");
  return directive == file.directives.end() ? CheckOptions{} : parse_check_options(directive->second);
}

}  // namespace

LintResult lint(const Dockerfile& file, const LintOptions& options) {
  WarningCollector warnings(options_of(file, options));
  FileLinter(file, options, warnings).run();
  return warnings.take();
}

}  // namespace jcb::dockerfile
