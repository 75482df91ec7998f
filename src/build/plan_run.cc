// SPDX-License-Identifier: Apache-2.0
// RUN: what is executed, what it sees, and what of that its key covers.
#include <algorithm>

#include "build/history.h"
#include "build/run_mounts.h"
#include "build/stage_planner.h"
#include "dockerfile/run_options.h"
#include "jcbuild/error.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb::build {
namespace {

std::string as_json(const std::vector<std::string>& words) { return util::to_text(util::Json(words)); }

bool has_variable(const std::vector<std::string>& environment, const std::string& name) {
  return std::any_of(environment.begin(), environment.end(), [&](const std::string& entry) { return entry.starts_with(name + "="); });
}

void add_environment_parts(const std::vector<std::string>& environment, std::vector<KeyPart>& parts) {
  for (const auto& entry : environment) {
    const auto equals = entry.find('=');
    parts.push_back({"variable " + entry.substr(0, equals), entry.substr(equals + 1)});
  }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> StagePlanner::predefined_arguments() const {
  std::vector<std::pair<std::string, std::string>> arguments;
  for (const char* name : k_proxy_variables) {
    const auto given = m_inputs.build_args.find(name);
    if (given != m_inputs.build_args.end()) arguments.emplace_back(name, given->second);
  }
  for (const auto& [name, value] : m_inputs.hidden_environment) arguments.emplace_back(name, value);
  return arguments;
}

void StagePlanner::take_run_flags(const Instruction& instruction, RunAction& run, Step& step) {
  auto options = dockerfile::parse_run_options(instruction.flags, [this](const std::string& value) { return expand(value); });
  run.network = options.network && *options.network != "default" ? *options.network : m_inputs.network;
  run.insecure = options.security == "insecure";
  if (run.insecure && !m_inputs.allow_insecure)
    throw Error(ErrorKind::refused, "RUN --security=insecure is not allowed", "allow it with --allow security.insecure");
  if (m_inputs.devices != nullptr) run.devices = m_inputs.devices->resolve(options.devices);
  if (m_inputs.devices == nullptr && !options.devices.empty())
    throw Error(ErrorKind::refused, "RUN --device is not allowed here", "allow it with --allow device");
  for (auto& mount : options.mounts) {
    const bool takes_files = mount.type == dockerfile::MountType::bind || !mount.from.empty();
    if (takes_files && mount.from.empty() && !m_inputs.has_context)
      throw Error(ErrorKind::invalid, "RUN --mount=type=bind needs a build context", "give a directory instead of '-'");
    run.mount_origins.push_back(takes_files && !mount.from.empty() ? take_origin(mount.from, step) : Origin{});
    run.mounts.push_back(std::move(mount));
  }
  for (const auto& line : key_fields(run.mounts)) step.parts.push_back({"mount", line});
  // As in BuildKit: which devices, not what their drivers are. A new driver does not build everything anew.
  for (const auto& device : run.devices) step.parts.push_back({"device", device});
  step.parts.push_back({"security", run.insecure ? "insecure" : "sandbox"});
}

// Heredocs as BuildKit gives them to RUN: one alone is a script (with its own interpreter when it begins with #!), else
// the shell gets the line and the documents as they stand.
void StagePlanner::take_heredocs(const Instruction& instruction, RunAction& run) const {
  std::string text = instruction.arguments.at(0);
  const auto& documents = instruction.heredocs;
  if (!dockerfile::find_heredoc(text)) {
    for (const auto& document : documents) text += "\n" + document.content + document.name;
  } else if (documents[0].content.starts_with("#!")) {
    run.script = {documents[0].name, documents[0].content};
    text = "/dev/pipes/" + documents[0].name;
  } else {
    text = documents[0].content;
  }
  run.argv = shell();
  run.argv.push_back(std::move(text));
}

void StagePlanner::take_run(const Instruction& instruction) {
  Step step;
  RunAction run;
  step.parts.push_back({"instruction", "RUN"});
  take_run_flags(instruction, run, step);
  run.argv = command(instruction);
  if (!instruction.heredocs.empty()) take_heredocs(instruction, run);
  run.working_directory = m_config.working_dir.empty() ? "/" : m_config.working_dir;
  run.user = m_config.user;
  run.environment = m_variables.run_environment(m_inputs.extra_environment);
  step.parts.push_back({"command", as_json(run.argv)});
  if (run.script) step.parts.push_back({"script", run.script->second});
  step.parts.push_back({"network", run.network});
  step.parts.push_back({"working directory", run.working_directory});
  step.parts.push_back({"user", run.user});
  add_environment_parts(run.environment, step.parts);
  for (const auto& [name, value] : predefined_arguments()) {
    if (!has_variable(run.environment, name)) run.environment.push_back(name + "=" + value);
  }
  auto history = run_history(m_variables.declared_arguments(), run.argv);
  step.action = std::move(run);
  add_step(std::move(step), instruction, std::move(history));
}

}  // namespace jcb::build
