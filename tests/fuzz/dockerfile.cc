// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/ast.h"
#include "dockerfile/expand.h"
#include "dockerfile/instruction.h"
#include "dockerfile/lint.h"
#include "fuzz/targets.h"
#include "jcbuild/error.h"
#include "util/json.h"

#include <algorithm>
#include <stdexcept>

namespace jcb::fuzz {

void require(bool holds, const std::string& property) {
  if (!holds) throw std::logic_error(property);
}

namespace {

void check_refusal(const Error& error) {
  require(error.kind() == ErrorKind::invalid, "a refused file is invalid input");
  require(error.message().starts_with("f:"), "a refusal names the place: " + error.message());
  const std::string& message = error.message();
  require(std::none_of(message.begin(), message.end(), [](char c) { return c >= 0 && c < ' '; }), "a refusal is safe to print");
}

void check_positions(const dockerfile::Dockerfile& file, std::string_view text) {
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  std::size_t last = 0;
  for (const dockerfile::Instruction& instruction : file.instructions) {
    require(instruction.position.line > last && instruction.position.column > 0, "instructions follow each other");
    require(instruction.last_line >= instruction.position.line && instruction.last_line <= lines, "instructions end in the file");
    // An instruction may begin with a line that is nothing but a continuation: then it stands before the keyword.
    const std::size_t blank = instruction.empty_continuation_line;
    require(blank == 0 || (blank > last && blank <= instruction.last_line), "a blank line lies inside");
    last = instruction.last_line;
  }
}

void check_expansion(const dockerfile::Instruction& instruction, char escape) {
  const dockerfile::Lookup lookup = [](std::string_view name) { return std::optional("<" + std::string(name) + ">"); };
  for (const std::string& argument : instruction.arguments) {
    try {
      dockerfile::expand_word(argument, lookup, escape);
    } catch (const Error&) {
    }
  }
}

void check_lint(const dockerfile::Dockerfile& file, std::string_view text) {
  dockerfile::LintOptions options;
  options.is_ignored = [](std::string_view path) { return path.size() % 2 == 0; };
  try {
    const dockerfile::LintResult result = dockerfile::lint(file, options);
    require(dockerfile::format_lint_text("f", text, result).empty() == result.warnings.empty(), "warnings are shown");
    const util::Json record = util::parse_json(dockerfile::format_lint_json("f", result), "record");
    require(record.at("warnings").size() == result.warnings.size(), "warnings are recorded");
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::invalid, "the check fails only for its limits");
  }
}

void check_unchecked_parser(std::string_view text) {
  try {
    const dockerfile::Dockerfile file = dockerfile::parse_instructions(text, "f");
    check_positions(file, text);
    require(!dockerfile::to_ast(file).empty(), "what was parsed can be shown");
  } catch (const Error& error) {
    check_refusal(error);
  }
}

}  // namespace

void dockerfile(std::string_view input) {
  check_unchecked_parser(input);
  dockerfile::Dockerfile file;
  try {
    file = dockerfile::parse_dockerfile(input, "f");
  } catch (const Error& error) {
    return check_refusal(error);
  }
  check_positions(file, input);
  for (const dockerfile::Instruction& instruction : file.instructions) {
    check_expansion(instruction, file.escape);
    // What an image config keeps of an ONBUILD is read again when somebody builds on the image.
    if (instruction.keyword == dockerfile::Keyword::onbuild) dockerfile::parse_trigger(instruction.arguments.at(0), "f", file.escape);
  }
  check_lint(file, input);
}

}  // namespace jcb::fuzz
