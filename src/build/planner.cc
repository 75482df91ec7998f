// SPDX-License-Identifier: Apache-2.0
// Instruction by instruction, the state that docker keeps while building: environment, arguments, directory, user,
// shell. Expansion order follows BuildKit: values within one ENV see the environment before it; ENV beats ARG.
#include "build/planner.h"

#include <algorithm>

#include "build/variables.h"
#include "dockerfile/expand.h"
#include "jcbuild/error.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb::build {
namespace {

using dockerfile::Instruction;
using dockerfile::Keyword;

std::string json_array(const std::vector<std::string>& words) { return util::to_text(util::Json(words)); }

std::string clean_absolute(const std::string& path) {
  std::vector<std::string> parts;
  for (auto& part : util::split(path, '/')) {
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (!part.empty() && part != "." && part != "..") parts.push_back(std::move(part));
  }
  return "/" + util::join(parts, "/");
}

std::string resolve_path(const std::string& directory, const std::string& path) {
  return clean_absolute(path.starts_with('/') ? path : directory + "/" + path);
}

class Planner {
 public:
  Planner(const SourceFile& source, const PlanInputs& inputs)
      : m_source(source),
        m_file(source.parsed),
        m_inputs(inputs),
        m_variables(inputs.build_args, inputs.base->config.config.env),
        m_config(inputs.base->config.config) {
    KeyStart start = inputs.start;
    for (const auto& layer : inputs.base->layers) start.diff_ids.push_back(layer.diff_id);
    m_key = start_key(start);
  }

  void take(const Instruction& instruction) {
    if (!m_in_stage && instruction.keyword != Keyword::from) return m_variables.declare_global(instruction, m_file.escape);
    const auto handler = find_handler(instruction.keyword);
    if (handler == nullptr)
      throw Error(ErrorKind::unsupported, std::string(dockerfile::keyword_name(instruction.keyword)) + " is not supported yet");
    (this->*handler)(instruction);
  }

  Plan finish() {
    m_plan.config = std::move(m_config);
    m_plan.config.env = m_variables.image_environment();
    m_plan.key = m_key;
    return std::move(m_plan);
  }

 private:
  using Handler = void (Planner::*)(const Instruction&);

  static Handler find_handler(Keyword keyword) {
    static const std::map<Keyword, Handler> handlers{{Keyword::from, &Planner::take_from},
                                                     {Keyword::arg, &Planner::take_arg},
                                                     {Keyword::env, &Planner::take_env},
                                                     {Keyword::run, &Planner::take_run},
                                                     {Keyword::copy, &Planner::take_copy},
                                                     {Keyword::workdir, &Planner::take_workdir},
                                                     {Keyword::user, &Planner::take_user},
                                                     {Keyword::shell, &Planner::take_shell},
                                                     {Keyword::cmd, &Planner::take_cmd},
                                                     {Keyword::entrypoint, &Planner::take_entrypoint},
                                                     {Keyword::label, &Planner::take_label},
                                                     {Keyword::expose, &Planner::take_expose},
                                                     {Keyword::volume, &Planner::take_volume},
                                                     {Keyword::stopsignal, &Planner::take_stopsignal},
                                                     {Keyword::maintainer, &Planner::take_maintainer}};
    const auto found = handlers.find(keyword);
    return found == handlers.end() ? nullptr : found->second;
  }

  std::string expand(const std::string& word) const { return dockerfile::expand_word(word, m_variables.lookup(), m_file.escape); }

  std::string one_word(const Instruction& instruction) const {
    if (instruction.arguments.size() != 1)
      throw Error(ErrorKind::invalid, std::string(dockerfile::keyword_name(instruction.keyword)) + " takes one argument");
    return expand(instruction.arguments[0]);
  }

  void record(std::string created_by) { m_plan.history.push_back({std::move(created_by), std::nullopt}); }

  void add_step(Step step, std::string_view kind, const std::vector<std::string>& fields, std::string created_by,
                const Instruction& instruction) {
    m_key = next_key(m_key, kind, fields);
    step.key = m_key;
    step.text = instruction.original;
    step.place = place_name(m_source, instruction.position);
    m_plan.history.push_back({std::move(created_by), m_plan.steps.size()});
    m_plan.steps.push_back(std::move(step));
  }

  void take_from(const Instruction&) {
    if (m_in_stage) throw Error(ErrorKind::unsupported, "several stages in one Dockerfile are not supported yet");
    m_in_stage = true;
  }

  void take_arg(const Instruction& instruction) { record("ARG " + util::join(m_variables.declare(instruction, m_file.escape), " ")); }

  void take_env(const Instruction& instruction) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (std::size_t i = 0; i + 1 < instruction.arguments.size(); i += 2)
      pairs.emplace_back(expand(instruction.arguments[i]), expand(instruction.arguments[i + 1]));
    std::string text = "ENV";
    for (auto& [name, value] : pairs) {
      text += " " + name + "=" + value;
      m_variables.set_environment(name, value);
    }
    record(text);
  }

  std::vector<std::string> shell() const { return m_config.shell.value_or(std::vector<std::string>{"/bin/sh", "-c"}); }

  std::vector<std::string> command(const Instruction& instruction) const {
    if (instruction.json_form) return instruction.arguments;
    auto argv = shell();
    argv.insert(argv.end(), instruction.arguments.begin(), instruction.arguments.end());
    return argv;
  }

  void take_run(const Instruction& instruction) {
    if (!instruction.flags.empty()) throw Error(ErrorKind::unsupported, "RUN " + instruction.flags[0] + " is not supported yet");
    if (!instruction.heredocs.empty()) throw Error(ErrorKind::unsupported, "RUN with a heredoc is not supported yet");
    Step step;
    step.kind = StepKind::run;
    step.argv = command(instruction);
    step.working_directory = m_config.working_dir.empty() ? "/" : m_config.working_dir;
    step.user = m_config.user;
    step.environment = m_variables.run_environment(m_inputs.extra_environment);
    std::vector<std::string> fields{m_inputs.network, step.working_directory, step.user, std::to_string(step.argv.size())};
    fields.insert(fields.end(), step.argv.begin(), step.argv.end());
    fields.insert(fields.end(), step.environment.begin(), step.environment.end());
    for (const auto& [name, value] : m_inputs.hidden_environment) step.environment.push_back(name + "=" + value);
    const auto arguments = m_variables.declared_arguments();
    std::string created_by = "RUN ";
    if (!arguments.empty()) created_by += "|" + std::to_string(arguments.size()) + " " + util::join(arguments, " ") + " ";
    created_by += instruction.json_form ? json_array(step.argv) : util::join(step.argv, " ");
    add_step(std::move(step), "run", fields, std::move(created_by), instruction);
  }

  void take_copy_flag(const std::string& flag, Step& step) const {
    const auto value = [&](std::string_view name) { return expand(flag.substr(name.size())); };
    if (flag.starts_with("--chown=")) {
      step.copy.chown = value("--chown=");
    } else if (flag.starts_with("--chmod=")) {
      step.copy.chmod = value("--chmod=");
    } else {
      throw Error(ErrorKind::unsupported, "COPY " + flag + " is not supported yet");
    }
  }

  void take_copy(const Instruction& instruction) {
    if (!instruction.heredocs.empty()) throw Error(ErrorKind::unsupported, "COPY with a heredoc is not supported yet");
    if (instruction.arguments.size() < 2) throw Error(ErrorKind::invalid, "COPY needs a source and a destination");
    if (m_inputs.context == nullptr) throw Error(ErrorKind::invalid, "COPY needs a build context");
    Step step;
    step.kind = StepKind::copy;
    step.user = "";
    for (const auto& flag : instruction.flags) take_copy_flag(flag, step);
    std::vector<std::string> words;
    for (std::size_t i = 0; i + 1 < instruction.arguments.size(); ++i) {
      words.push_back(expand(instruction.arguments[i]));
      // The context outlives the plan.
      step.copy.arguments.push_back({std::shared_ptr<const Context>(std::shared_ptr<void>(), m_inputs.context), words.back()});
    }
    const std::string target = expand(instruction.arguments.back());
    const bool into_directory = target.ends_with('/') || target == "." || target.ends_with("/.");
    step.sources = select_sources(step.copy);
    if (step.sources.size() > 1 && !into_directory)
      throw Error(ErrorKind::invalid, "COPY of several sources needs a destination that ends in /");
    step.destination = resolve_path(m_config.working_dir, target);
    if (into_directory && step.destination != "/") step.destination += "/";
    step.copy.destination = step.destination;
    const auto fields = key_fields(step.copy, step.sources);
    add_step(std::move(step), "copy", fields, "COPY " + util::join(words, " ") + " " + target, instruction);
  }

  void take_workdir(const Instruction& instruction) {
    m_config.working_dir = resolve_path(m_config.working_dir, one_word(instruction));
    Step step;
    step.kind = StepKind::workdir;
    step.destination = m_config.working_dir;
    step.user = m_config.user;
    const std::vector<std::string> fields{step.destination, step.user};
    add_step(std::move(step), "workdir", fields, "WORKDIR " + m_config.working_dir, instruction);
  }

  void take_user(const Instruction& instruction) {
    m_config.user = one_word(instruction);
    record("USER " + m_config.user);
  }

  void take_shell(const Instruction& instruction) {
    if (!instruction.json_form || instruction.arguments.empty())
      throw Error(ErrorKind::invalid, "SHELL takes a JSON array", "for example SHELL [\"/bin/bash\", \"-c\"]");
    m_config.shell = instruction.arguments;
    record("SHELL " + json_array(instruction.arguments));
  }

  void take_cmd(const Instruction& instruction) {
    m_config.cmd = command(instruction);
    m_cmd_set = true;
    record("CMD " + json_array(*m_config.cmd));
  }

  void take_entrypoint(const Instruction& instruction) {
    m_config.entrypoint = command(instruction);
    // docker: an inherited CMD belonged to the inherited entrypoint.
    if (!m_cmd_set) m_config.cmd.reset();
    record("ENTRYPOINT " + json_array(*m_config.entrypoint));
  }

  void take_label(const Instruction& instruction) {
    std::string text = "LABEL";
    for (std::size_t i = 0; i + 1 < instruction.arguments.size(); i += 2) {
      const auto name = expand(instruction.arguments[i]), value = expand(instruction.arguments[i + 1]);
      m_config.labels[name] = value;
      text += " " + name + "=" + value;
    }
    record(text);
  }

  void take_expose(const Instruction& instruction) {
    std::vector<std::string> ports;
    for (const auto& argument : instruction.arguments) {
      for (auto& port : dockerfile::expand_words(argument, m_variables.lookup(), m_file.escape)) ports.push_back(normalise_port(port));
    }
    m_config.exposed_ports.insert(ports.begin(), ports.end());
    record("EXPOSE " + util::join(ports, " "));
  }

  static std::string normalise_port(const std::string& text) {
    const auto slash = text.find('/');
    const std::string protocol = slash == std::string::npos ? "tcp" : util::to_lower(text.substr(slash + 1));
    const bool known = protocol == "tcp" || protocol == "udp" || protocol == "sctp";
    const auto range = util::split(text.substr(0, slash), '-');
    for (const auto& end : range) {
      if (util::parse_unsigned(end, "EXPOSE port") > 65535) throw Error(ErrorKind::invalid, "EXPOSE " + text + ": ports end at 65535");
    }
    if (!known || range.size() > 2) throw Error(ErrorKind::invalid, "EXPOSE " + text + " is not PORT[-PORT][/tcp|udp|sctp]");
    return util::join(range, "-") + "/" + protocol;
  }

  void take_volume(const Instruction& instruction) {
    std::vector<std::string> paths;
    for (const auto& argument : instruction.arguments) paths.push_back(expand(argument));
    m_config.volumes.insert(paths.begin(), paths.end());
    record("VOLUME " + json_array(paths));
  }

  void take_stopsignal(const Instruction& instruction) {
    m_config.stop_signal = one_word(instruction);
    record("STOPSIGNAL " + m_config.stop_signal);
  }

  void take_maintainer(const Instruction& instruction) { record("MAINTAINER " + util::join(instruction.arguments, " ")); }

  const SourceFile& m_source;
  const dockerfile::Dockerfile& m_file;
  const PlanInputs& m_inputs;
  Variables m_variables;
  oci::ExecutionConfig m_config;
  Plan m_plan;
  std::string m_key;
  bool m_in_stage = false;
  bool m_cmd_set = false;
};

}  // namespace

Plan plan_stage(const SourceFile& file, const PlanInputs& inputs) {
  Planner planner(file, inputs);
  for (const auto& instruction : file.parsed.instructions)
    in_step(place_name(file, instruction.position), [&] { planner.take(instruction); });
  return planner.finish();
}

}  // namespace jcb::build
