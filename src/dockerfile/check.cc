// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/check.h"

#include "dockerfile/flags.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::dockerfile {
namespace {

// An instruction, its text, and its name for messages.
struct Checked {
  const Instruction& instruction;
  const LogicalLine& line;
  std::string name;

  std::size_t size() const { return instruction.arguments.size(); }
  [[noreturn]] void fail(const std::string& cause, const std::string& hint = {}) const { line.fail(0, name + " " + cause, hint); }
};

void check_at_least_one(const Checked& checked) {
  if (checked.size() == 0) checked.fail("requires at least one argument");
}

void check_exactly_one(const Checked& checked) {
  if (checked.size() != 1) checked.fail("requires exactly one argument");
}

bool is_stage_name(std::string_view name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_inner = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'; };
  return !name.empty() && is_letter(name[0]) && std::all_of(name.begin(), name.end(), is_inner);
}

void check_from(const Checked& checked) {
  const auto& arguments = checked.instruction.arguments;
  if (arguments.size() == 1) return;
  if (arguments.size() != 3 || util::to_lower(arguments[1]) != "as")
    checked.fail("takes an image, or an image, AS and a name", "FROM IMAGE [AS NAME]");
  if (!is_stage_name(util::to_lower(arguments[2])))
    checked.fail("cannot name a stage '" + util::escape_text(arguments[2]) + "'",
                 "a name starts with a letter; letters, digits, '-', '_' and '.' follow");
}

// ENV and LABEL (every other argument is a name), ARG (a name, perhaps with a value).
void check_names(const Checked& checked) {
  check_at_least_one(checked);
  const std::size_t step = checked.instruction.keyword == Keyword::arg ? 1 : 2;
  for (std::size_t i = 0; i < checked.size(); i += step) {
    const std::string& name = checked.instruction.arguments[i];
    if (name.empty() || name[0] == '=') checked.fail("has a value without a name");
  }
}

void check_paths(const Checked& checked) {
  if (checked.size() < 2) checked.fail("requires at least one source and a destination");
  if (find_heredoc(checked.instruction.arguments.back())) checked.fail("cannot write to a heredoc: the last argument is the destination");
}

void check_run(const Checked& checked) {
  check_at_least_one(checked);
  if (checked.instruction.json_form && checked.instruction.arguments[0].empty()) checked.fail("names no program");
}

void check_shell(const Checked& checked) {
  check_at_least_one(checked);
  if (!checked.instruction.json_form) checked.fail("requires its arguments as a JSON array", "for example SHELL [\"/bin/bash\", \"-c\"]");
}

void check_volume(const Checked& checked) {
  check_at_least_one(checked);
  for (const std::string& path : checked.instruction.arguments) {
    if (util::trim(path).empty()) checked.fail("has an empty path");
  }
}

void check_healthcheck(const Checked& checked) {
  check_at_least_one(checked);
  const std::string type = util::to_lower(checked.instruction.arguments[0]);
  if (type == "none" && checked.size() > 1) checked.fail("NONE takes no arguments");
  if (type == "cmd" && checked.size() == 1) checked.fail("CMD needs a command");
  if (type != "none" && type != "cmd")
    checked.fail("does not know '" + util::escape_text(checked.instruction.arguments[0]) + "'",
                 "write HEALTHCHECK CMD command, or HEALTHCHECK NONE");
}

void check_arguments(const Checked& checked) {
  switch (checked.instruction.keyword) {
    case Keyword::from:
      return check_from(checked);
    case Keyword::arg:
    case Keyword::env:
    case Keyword::label:
      return check_names(checked);
    case Keyword::run:
      return check_run(checked);
    case Keyword::copy:
    case Keyword::add:
      return check_paths(checked);
    case Keyword::shell:
      return check_shell(checked);
    case Keyword::volume:
      return check_volume(checked);
    case Keyword::healthcheck:
      return check_healthcheck(checked);
    case Keyword::expose:
    case Keyword::onbuild:
      return check_at_least_one(checked);
    case Keyword::workdir:
    case Keyword::user:
    case Keyword::stopsignal:
    case Keyword::maintainer:
      return check_exactly_one(checked);
    case Keyword::cmd:
    case Keyword::entrypoint:
      return;  // empty ones take the base image's away
  }
}

}  // namespace

bool may_be_trigger(Keyword keyword) noexcept {
  return keyword != Keyword::onbuild && keyword != Keyword::from && keyword != Keyword::maintainer;
}

void check_instruction(const Instruction& instruction, const LogicalLine& line) {
  check_flags(instruction, line);
  check_arguments({instruction, line, std::string(keyword_name(instruction.keyword))});
}

void check_trigger(const Instruction& instruction, const LogicalLine& line) {
  if (!may_be_trigger(instruction.keyword)) line.fail(0, std::string(keyword_name(instruction.keyword)) + " cannot be an ONBUILD trigger");
  check_instruction(instruction, line);
}

}  // namespace jcb::dockerfile
