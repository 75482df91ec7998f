// SPDX-License-Identifier: Apache-2.0
#include "build/stage_planner.h"

#include <signal.h>
#include <string.h>

#include <algorithm>
#include <set>

#include "build/history.h"
#include "build/url.h"
#include "dockerfile/duration.h"
#include "dockerfile/expand.h"
#include "jcbuild/error.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb::build {
namespace {

using dockerfile::Keyword;

std::string clean_absolute(const std::string& path) {
  std::vector<std::string> parts;
  for (auto& part : util::split(path, '/')) {
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (!part.empty() && part != "." && part != "..") parts.push_back(std::move(part));
  }
  return "/" + util::join(parts, "/");
}

// What a stage begins with: a copy of the stage below, or an image's configuration.
StagePlan start_stage(const StageList& stages, std::size_t index, const PlanInputs& inputs, const BuildPlan& build) {
  const auto& definition = stages.all()[index];
  StagePlan plan;
  plan.name = definition.name.empty() ? "stage-" + std::to_string(index) : definition.name;
  plan.platform = definition.platform.value_or(inputs.platform);
  plan.parent = stages.parent(index);
  if (plan.parent) {
    const auto& below = build.stages.at(*plan.parent);
    plan.config = below.config;
    plan.platform = below.platform;
    plan.author = below.author;
    return plan;
  }
  if (inputs.contexts.directories.count(definition.image) != 0)
    throw Error(ErrorKind::invalid, "the build context '" + definition.image + "' is a directory, and FROM needs an image",
                "give --build-context " + definition.image + "=docker-image://NAME, or COPY --from=" + definition.image);
  plan.base = inputs.load_image(stages.root_image(index), plan.platform);
  plan.config = plan.base.config.config;
  plan.author = plan.base.config.author;
  return plan;
}

std::string normalise_port(const std::string& text) {
  const auto slash = text.find('/');
  const std::string protocol = slash == std::string::npos ? "tcp" : util::to_lower(text.substr(slash + 1));
  const bool known = protocol == "tcp" || protocol == "udp" || protocol == "sctp";
  const auto range = util::split(text.substr(0, slash), '-');
  if (!known || range.size() > 2) throw Error(ErrorKind::invalid, "EXPOSE " + text + " is not PORT[-PORT][/tcp|udp|sctp]");
  for (const auto& end : range) {
    if (util::parse_unsigned(end, "EXPOSE port") > 65535) throw Error(ErrorKind::invalid, "EXPOSE " + text + ": ports end at 65535");
  }
  return util::join(range, "-") + "/" + protocol;
}

// A range is every port of it, as docker's config holds them.
std::vector<std::string> expand_ports(const std::string& text) {
  const std::string port = normalise_port(text);
  const auto slash = port.find('/');
  const auto range = util::split(port.substr(0, slash), '-');
  const auto first = util::parse_unsigned(range.front(), "EXPOSE port"), last = util::parse_unsigned(range.back(), "EXPOSE port");
  if (last < first) throw Error(ErrorKind::invalid, "EXPOSE " + text + ": the range ends before it begins");
  std::vector<std::string> ports;
  for (auto number = first; number <= last; ++number) ports.push_back(std::to_string(number) + port.substr(slash));
  return ports;
}

// A number, or a name with or without SIG in front, as docker takes them.
bool is_signal(const std::string& text) {
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos)
    return text.size() <= 2 && std::stoi(text) >= 1 && std::stoi(text) <= 64;
  std::string name = util::to_lower(text);
  if (name.starts_with("sig")) name = name.substr(3);
  if (name.starts_with("rtmin") || name.starts_with("rtmax")) return name.size() == 5 || name[5] == '+' || name[5] == '-';
  for (int number = 1; number < NSIG; ++number) {
    if (const char* known = sigabbrev_np(number); known != nullptr && util::to_lower(known) == name) return true;
  }
  return name == "cld" || name == "iot" || name == "unused";
}

std::string flag_value(const std::string& flag, std::string_view name) {
  return flag.starts_with(name) ? flag.substr(name.size()) : std::string();
}

void set_healthcheck_flag(oci::Healthcheck& check, const std::string& flag) {
  const auto nanoseconds = [](const std::string& value) -> std::int64_t {
    return value.empty() ? 0 : dockerfile::parse_duration(value, "HEALTHCHECK").count();
  };
  if (flag.starts_with("--interval=")) check.interval_ns = nanoseconds(flag_value(flag, "--interval="));
  if (flag.starts_with("--timeout=")) check.timeout_ns = nanoseconds(flag_value(flag, "--timeout="));
  if (flag.starts_with("--start-period=")) check.start_period_ns = nanoseconds(flag_value(flag, "--start-period="));
  if (flag.starts_with("--start-interval=")) check.start_interval_ns = nanoseconds(flag_value(flag, "--start-interval="));
  const auto retries = flag_value(flag, "--retries=");
  if (!retries.empty()) check.retries = static_cast<std::int64_t>(util::parse_unsigned(retries, "HEALTHCHECK --retries"));
}

}  // namespace

StagePlanner::StagePlanner(const SourceFile& source, const StageList& stages, std::size_t index, const GlobalScope& global,
                           const PlanInputs& inputs, BuildPlan& plan)
    : m_source(source),
      m_stages(stages),
      m_index(index),
      m_inputs(inputs),
      m_build(plan),
      m_plan(start_stage(stages, index, inputs, plan)),
      m_variables(global, m_plan.config.env),
      m_config(m_plan.config) {
  if (m_plan.parent) m_variables.inherit(plan.stages.at(*m_plan.parent).arguments);
}

StagePlan StagePlanner::run() {
  const auto& definition = m_stages.all()[m_index];
  const auto& instructions = m_source.parsed.instructions;
  run_triggers(instructions[definition.begin]);
  for (std::size_t i = definition.begin + 1; i < definition.end; ++i)
    in_step(place_name(m_source, instructions[i].position), [&] { take(instructions[i]); });
  m_config.env = m_variables.image_environment();
  m_plan.arguments = m_variables.arguments();
  return std::move(m_plan);
}

void StagePlanner::run_triggers(const Instruction& from) {
  const auto triggers = std::move(m_config.on_build);
  m_config.on_build.clear();
  for (const auto& text : triggers) {
    in_step("carrying out ONBUILD " + text.substr(0, text.find('\n')), [&] {
      auto instruction = dockerfile::parse_trigger(text, "ONBUILD", m_source.parsed.escape);
      instruction.position = from.position;
      take(instruction);
    });
  }
}

StagePlanner::Handler StagePlanner::find_handler(Keyword keyword) {
  static const std::map<Keyword, Handler> handlers{{Keyword::arg, &StagePlanner::take_arg},
                                                   {Keyword::env, &StagePlanner::take_env},
                                                   {Keyword::run, &StagePlanner::take_run},
                                                   {Keyword::copy, &StagePlanner::take_copy},
                                                   {Keyword::add, &StagePlanner::take_copy},
                                                   {Keyword::workdir, &StagePlanner::take_workdir},
                                                   {Keyword::user, &StagePlanner::take_user},
                                                   {Keyword::shell, &StagePlanner::take_shell},
                                                   {Keyword::cmd, &StagePlanner::take_cmd},
                                                   {Keyword::entrypoint, &StagePlanner::take_entrypoint},
                                                   {Keyword::label, &StagePlanner::take_label},
                                                   {Keyword::expose, &StagePlanner::take_expose},
                                                   {Keyword::volume, &StagePlanner::take_volume},
                                                   {Keyword::stopsignal, &StagePlanner::take_stopsignal},
                                                   {Keyword::healthcheck, &StagePlanner::take_healthcheck},
                                                   {Keyword::onbuild, &StagePlanner::take_onbuild},
                                                   {Keyword::maintainer, &StagePlanner::take_maintainer}};
  return handlers.at(keyword);
}

void StagePlanner::take(const Instruction& instruction) { (this->*find_handler(instruction.keyword))(instruction); }

std::string StagePlanner::expand(const std::string& word) const {
  return dockerfile::expand_word(word, m_variables.lookup(), m_source.parsed.escape);
}

std::string StagePlanner::one_word(const Instruction& instruction) const { return expand(instruction.arguments.at(0)); }

std::vector<std::string> StagePlanner::expand_all(const std::vector<std::string>& words) const {
  std::vector<std::string> result;
  for (const auto& word : words) {
    for (auto& part : dockerfile::expand_words(word, m_variables.lookup(), m_source.parsed.escape)) result.push_back(std::move(part));
  }
  return result;
}

std::vector<std::string> StagePlanner::shell() const { return m_config.shell.value_or(std::vector<std::string>{"/bin/sh", "-c"}); }

std::vector<std::string> StagePlanner::command(const Instruction& instruction) const {
  if (instruction.json_form || instruction.arguments.empty()) return instruction.arguments;
  auto argv = shell();
  argv.insert(argv.end(), instruction.arguments.begin(), instruction.arguments.end());
  return argv;
}

std::string StagePlanner::resolve_path(const std::string& path) const {
  return clean_absolute(path.starts_with('/') ? path : m_config.working_dir + "/" + path);
}

void StagePlanner::record(std::string created_by) { m_plan.history.push_back({std::move(created_by), std::nullopt}); }

void StagePlanner::add_step(Step step, const Instruction& instruction, std::string created_by) {
  std::sort(step.dependencies.begin(), step.dependencies.end());
  step.dependencies.erase(std::unique(step.dependencies.begin(), step.dependencies.end()), step.dependencies.end());
  step.text = strip_userinfo(instruction.original);
  step.place = place_name(m_source, instruction.position);
  m_plan.history.push_back({std::move(created_by), m_plan.steps.size()});
  m_plan.steps.push_back(std::move(step));
}

Origin StagePlanner::take_origin(const std::string& name, Step& step) {
  if (name.find('$') != std::string::npos)
    throw Error(ErrorKind::invalid, "from=" + name + " holds a variable, which is not expanded there",
                "name a stage of your own: FROM " + name + " AS source, with the ARG before the first FROM");
  auto origin = m_stages.resolve(name, m_index);
  if (origin.kind == Origin::Kind::stage) step.dependencies.push_back(origin.stage);
  if (origin.kind == Origin::Kind::image && m_build.images.count(origin.name) == 0)
    m_build.images[origin.name] =
        in_step("taking files from the image " + origin.name, [&] { return m_inputs.load_image(origin.name, m_inputs.platform); });
  return origin;
}

void StagePlanner::take_arg(const Instruction& instruction) {
  record("ARG " + util::join(m_variables.declare(instruction, m_source.parsed.escape), " "));
}

void StagePlanner::take_env(const Instruction& instruction) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t i = 0; i + 1 < instruction.arguments.size(); i += 2)
    pairs.emplace_back(expand(instruction.arguments[i]), expand(instruction.arguments[i + 1]));
  for (const auto& [name, value] : pairs) m_variables.set_environment(name, value);
  record(pairs_history("ENV", pairs));
}

void StagePlanner::take_workdir(const Instruction& instruction) {
  m_config.working_dir = resolve_path(one_word(instruction));
  Step step;
  step.action = WorkdirAction{m_config.working_dir, m_config.user};
  step.parts = {{"instruction", "WORKDIR"}, {"directory", m_config.working_dir}, {"user", m_config.user}};
  add_step(std::move(step), instruction, "WORKDIR " + m_config.working_dir);
}

void StagePlanner::take_user(const Instruction& instruction) {
  m_config.user = one_word(instruction);
  record("USER " + m_config.user);
}

void StagePlanner::take_shell(const Instruction& instruction) {
  m_config.shell = instruction.arguments;
  record(list_history("SHELL", instruction.arguments));
}

void StagePlanner::take_cmd(const Instruction& instruction) {
  m_config.cmd = command(instruction);
  m_cmd_set = true;
  record(command_history("CMD", *m_config.cmd));
}

void StagePlanner::take_entrypoint(const Instruction& instruction) {
  m_config.entrypoint = command(instruction);
  // docker: an inherited CMD belonged to the inherited entrypoint.
  if (!m_cmd_set) m_config.cmd.reset();
  record(command_history("ENTRYPOINT", *m_config.entrypoint));
}

void StagePlanner::take_label(const Instruction& instruction) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t i = 0; i + 1 < instruction.arguments.size(); i += 2)
    pairs.emplace_back(expand(instruction.arguments[i]), expand(instruction.arguments[i + 1]));
  for (const auto& [name, value] : pairs) m_config.labels[name] = value;
  record(pairs_history("LABEL", pairs));
}

void StagePlanner::take_expose(const Instruction& instruction) {
  std::set<std::string> ports;
  for (const auto& word : expand_all(instruction.arguments)) {
    for (auto& port : expand_ports(word)) ports.insert(std::move(port));
  }
  m_config.exposed_ports.insert(ports.begin(), ports.end());
  record(list_history("EXPOSE", {ports.begin(), ports.end()}));
}

void StagePlanner::take_volume(const Instruction& instruction) {
  std::vector<std::string> paths;
  for (const auto& argument : instruction.arguments) paths.push_back(expand(argument));
  m_config.volumes.insert(paths.begin(), paths.end());
  record(list_history("VOLUME", paths));
}

void StagePlanner::take_stopsignal(const Instruction& instruction) {
  m_config.stop_signal = one_word(instruction);
  if (!is_signal(m_config.stop_signal))
    throw Error(ErrorKind::invalid, "STOPSIGNAL " + util::escape_text(m_config.stop_signal) + " is no signal",
                "for example SIGTERM, or 15");
  record("STOPSIGNAL " + m_config.stop_signal);
}

void StagePlanner::take_healthcheck(const Instruction& instruction) {
  oci::Healthcheck check;
  if (util::to_lower(instruction.arguments.at(0)) == "none") {
    check.test = {"NONE"};
  } else {
    check.test = {instruction.arguments.begin() + 1, instruction.arguments.end()};
    check.test.insert(check.test.begin(), instruction.json_form ? "CMD" : "CMD-SHELL");
    for (const auto& flag : instruction.flags) set_healthcheck_flag(check, flag);
  }
  m_config.healthcheck = std::move(check);
  record(instruction.original);
}

void StagePlanner::take_onbuild(const Instruction& instruction) {
  m_config.on_build.push_back(instruction.arguments.at(0));
  record("ONBUILD " + instruction.arguments[0]);
}

void StagePlanner::take_maintainer(const Instruction& instruction) {
  m_plan.author = instruction.arguments.at(0);
  record("MAINTAINER " + m_plan.author);
}

}  // namespace jcb::build
