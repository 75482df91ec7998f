// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/lint_rules.h"

#include "util/text.h"

#include <algorithm>
#include <array>
#include <set>

namespace jcb::dockerfile {
namespace {

struct RuleFacts {
  const char* name;
  const char* page;
  const char* description;
  bool is_experimental = false;
};

// In the order of the enumeration.
constexpr std::array<RuleFacts, 21> k_rules{{
    {"StageNameCasing", "stage-name-casing", "Names of stages are written in lower case."},
    {"FromAsCasing", "from-as-casing", "FROM and AS are written in the same case."},
    {"NoEmptyContinuation", "no-empty-continuation", "A blank line inside a continued instruction will be an error one day."},
    {"ConsistentInstructionCasing", "consistent-instruction-casing", "All instructions of a file are written in the same case."},
    {"DuplicateStageName", "duplicate-stage-name", "No two stages have the same name."},
    {"ReservedStageName", "reserved-stage-name", "No stage has a name that already means something else."},
    {"JSONArgsRecommended", "json-args-recommended",
     "The shell form of CMD and ENTRYPOINT keeps signals from the program; a JSON array does not."},
    {"MaintainerDeprecated", "maintainer-deprecated", "A label tells the author; MAINTAINER is out of use."},
    {"UndefinedArgInFrom", "undefined-arg-in-from", "FROM uses only variables that an ARG before it declares."},
    {"WorkdirRelativePath", "workdir-relative-path", "The first WORKDIR of a build is absolute, else it depends on the base image."},
    {"UndefinedVar", "undefined-var", "Variables are defined before they are used."},
    {"MultipleInstructionsDisallowed", "multiple-instructions-disallowed",
     "Of CMD, ENTRYPOINT and HEALTHCHECK only the last of a stage counts."},
    {"LegacyKeyValueFormat", "legacy-key-value-format", "Names and values are joined by an equals sign."},
    {"RedundantTargetPlatform", "redundant-target-platform", "FROM takes the target platform anyway."},
    {"SecretsUsedInArgOrEnv", "secrets-used-in-arg-or-env",
     "Values of ARG and ENV can be read in the image; secrets belong in secret mounts."},
    {"InvalidDefaultArgInFrom", "invalid-default-arg-in-from", "FROM names an image also when every ARG has its default."},
    {"FromPlatformFlagConstDisallowed", "from-platform-flag-const-disallowed", "The platform of a FROM is not fixed in the file."},
    {"CopyIgnoredFile", "copy-ignored-file", "What the ignore file leaves out cannot be copied."},
    {"InvalidDefinitionDescription", "invalid-definition-description",
     "The comment on a stage or an ARG begins with its name; an empty comment line keeps other comments apart.", true},
    {"ExposeProtoCasing", "expose-proto-casing", "Protocols in EXPOSE are written in lower case."},
    {"ExposeInvalidFormat", "expose-invalid-format", "EXPOSE takes ports of the container, without address or port of the host."},
}};
static_assert(k_rules.size() == static_cast<std::size_t>(Rule::expose_invalid_format) + 1);

const RuleFacts& facts_of(Rule rule) { return k_rules[static_cast<std::size_t>(rule)]; }

bool skips(const CheckOptions& options, const RuleFacts& rule) {
  return options.skip_all || options.skipped.contains(std::string_view(rule.name));
}

bool asks_for(const CheckOptions& options, const RuleFacts& rule) {
  return options.experimental_all || options.experimental.contains(std::string_view(rule.name));
}

}  // namespace

bool WarningCollector::is_wanted(Rule rule, const Instruction& cause) {
  if (m_cause != &cause) m_local = options_in_comments(cause.comments);
  m_cause = &cause;
  const RuleFacts& facts = facts_of(rule);
  if (facts.is_experimental) return asks_for(m_options, facts) || asks_for(m_local, facts);
  return !skips(m_options, facts) && !skips(m_local, facts);
}

void WarningCollector::add(Rule rule, const Instruction& cause, const Instruction& place, std::string message) {
  if (!is_wanted(rule, cause)) return;
  const RuleFacts& facts = facts_of(rule);
  if (!m_seen.insert({place.position.line, facts.name, message}).second) return;
  LintWarning warning{facts.name,         facts.description, std::string("https://docs.docker.com/go/dockerfile/rule/") + facts.page + "/",
                      std::move(message), place.position,    place.last_line};
  if (rule == Rule::no_empty_continuation) {
    warning.position = {place.empty_continuation_line, 1};
    warning.last_line = place.empty_continuation_line;
  }
  m_result.warnings.push_back(std::move(warning));
}

LintResult WarningCollector::take() {
  std::stable_sort(m_result.warnings.begin(), m_result.warnings.end(),
                   [](const LintWarning& one, const LintWarning& other) { return one.position.line < other.position.line; });
  m_result.is_error = m_options.warnings_are_errors && !m_result.warnings.empty();
  return std::move(m_result);
}

std::string LintResult::error_message() const {
  std::set<std::string> rules;
  for (const LintWarning& warning : warnings) rules.insert(warning.rule);
  return "the check found what error=true forbids: " + util::join({rules.begin(), rules.end()}, ", ");
}

}  // namespace jcb::dockerfile
