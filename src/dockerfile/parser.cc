// SPDX-License-Identifier: Apache-2.0
// The grammar of the BuildKit front end docker/dockerfile:1.
//   file        = directives *(comment / blank / instruction)
//   instruction = KEYWORD *flag arguments *heredoc-body
// Lines are joined first (source.h), then cut into keyword, flags and arguments (forms.h); the keyword decides what the
// arguments are. Nothing is expanded here: the value of a variable depends on the instructions before it and on the
// stage's base image.
#include "dockerfile/check.h"
#include "dockerfile/directives.h"
#include "dockerfile/forms.h"
#include "dockerfile/heredoc.h"
#include "dockerfile/instruction.h"
#include "dockerfile/keyword.h"
#include "dockerfile/source.h"

#include "util/text.h"

#include <algorithm>

namespace jcb::dockerfile {
namespace {

constexpr std::size_t k_most_instructions = 10'000;
constexpr std::string_view k_blanks = " \t\r\n\v\f";

// RUN, CMD, ENTRYPOINT, SHELL: a JSON array, else the command line as one string.
void parse_command(Instruction& instruction, const LogicalLine& arguments) {
  if (auto words = find_json_words(arguments)) {
    instruction.json_form = true;
    std::move(words->begin(), words->end(), std::back_inserter(instruction.arguments));
  } else if (!arguments.text().empty()) {
    instruction.arguments.push_back(arguments.text());
  }
}

// COPY, ADD, VOLUME: a JSON array, else words.
void parse_paths(Instruction& instruction, const LogicalLine& arguments) {
  auto words = find_json_words(arguments);
  instruction.json_form = words.has_value();
  instruction.arguments = words ? std::move(*words) : plain_words(arguments.text());
}

void parse_legacy_pair(Instruction& instruction, const LogicalLine& arguments) {
  const std::string& text = arguments.text();
  const auto end = text.find_first_of(k_blanks);
  if (end == std::string::npos)
    arguments.fail(0, std::string(keyword_name(instruction.keyword)) + " needs a value for '" + util::escape_text(text) + "'",
                   "write " + std::string(keyword_name(instruction.keyword)) + " NAME=VALUE");
  instruction.legacy_form = true;
  instruction.arguments = {text.substr(0, end), text.substr(text.find_first_not_of(k_blanks, end))};
}

// ENV and LABEL: NAME=VALUE pairs; when the first word has no equals sign, one name and the rest as its value.
void parse_pairs(Instruction& instruction, const LogicalLine& arguments, char escape) {
  const auto words = quoted_words(arguments.text(), escape);
  if (words.empty()) return;
  if (words[0].text.find('=') == std::string::npos) return parse_legacy_pair(instruction, arguments);
  for (const Word& word : words) {
    const auto equals = word.text.find('=');
    if (equals == std::string::npos)
      arguments.fail(word.offset, "'" + util::escape_text(word.text) + "' has no '='",
                     "pairs are written NAME=VALUE; a value with blanks needs quotes");
    instruction.arguments.push_back(word.text.substr(0, equals));
    instruction.arguments.push_back(word.text.substr(equals + 1));
  }
}

void parse_healthcheck(Instruction& instruction, const LogicalLine& arguments) {
  const std::string& text = arguments.text();
  if (text.empty()) return;
  const auto end = std::min(text.find_first_of(k_blanks), text.size());
  instruction.arguments.push_back(text.substr(0, end));
  const auto command = std::min(text.find_first_not_of(k_blanks, end), text.size());
  parse_command(instruction, arguments.part(command, text.size() - command));
}

void parse_arguments(Instruction& instruction, const LogicalLine& arguments, char escape) {
  switch (instruction.keyword) {
    case Keyword::run:
    case Keyword::cmd:
    case Keyword::entrypoint:
    case Keyword::shell:
      return parse_command(instruction, arguments);
    case Keyword::copy:
    case Keyword::add:
    case Keyword::volume:
      return parse_paths(instruction, arguments);
    case Keyword::env:
    case Keyword::label:
      return parse_pairs(instruction, arguments, escape);
    case Keyword::healthcheck:
      return parse_healthcheck(instruction, arguments);
    case Keyword::from:
    case Keyword::expose:
      instruction.arguments = plain_words(arguments.text());
      return;
    case Keyword::arg:
      for (Word& word : quoted_words(arguments.text(), escape)) instruction.arguments.push_back(std::move(word.text));
      return;
    case Keyword::workdir:
    case Keyword::user:
    case Keyword::stopsignal:
    case Keyword::maintainer:
    case Keyword::onbuild:
      if (!arguments.text().empty()) instruction.arguments.push_back(arguments.text());
      return;
  }
}

Instruction parse_line(const LogicalLine& line, char escape) {
  const SplitLine split = split_line(line, escape);
  const auto start = line.text().find_first_not_of(k_blanks);
  const auto keyword = find_keyword(split.keyword);
  if (!keyword)
    line.fail(start, "unknown instruction '" + util::escape_text(split.keyword) + "'",
              util::did_you_mean(util::nearest_names(keyword_case(split.keyword), keyword_names())));
  Instruction instruction;
  instruction.keyword = *keyword;
  instruction.keyword_text = split.keyword;
  instruction.position = line.position(start);
  instruction.original = util::trim(line.text());
  for (const Word& flag : split.flags) instruction.flags.push_back(flag.text);
  parse_arguments(instruction, line.part(split.arguments_offset, split.arguments.size()), escape);
  return instruction;
}

bool may_open_heredocs(const Instruction& instruction) {
  const Keyword keyword = instruction.keyword;
  return !instruction.json_form && (keyword == Keyword::run || keyword == Keyword::copy || keyword == Keyword::add);
}

// The text of the instruction inside an ONBUILD. One inside another is refused here already, so that nothing recurses.
LogicalLine trigger_line(const LogicalLine& line, char escape) {
  const SplitLine split = split_line(line, escape);
  LogicalLine trigger = line.part(split.arguments_offset, split.arguments.size());
  if (find_keyword(split_line(trigger, escape).keyword) == Keyword::onbuild) trigger.fail(0, "ONBUILD cannot be an ONBUILD trigger");
  return trigger;
}

Instruction parse_onbuild(Instruction instruction, const LogicalLine& line, char escape, LineReader& reader, Checks checks) {
  if (checks == Checks::all) check_instruction(instruction, line);
  if (instruction.arguments.empty()) return instruction;
  const LogicalLine trigger = trigger_line(line, escape);
  const Instruction nested = parse_line(trigger, escape);
  if (may_open_heredocs(nested)) instruction.heredocs = read_heredocs(trigger, reader);
  if (checks == Checks::all) check_trigger(nested, trigger);
  instruction.arguments[0] = text_with_heredocs(instruction.arguments[0], instruction.heredocs);
  return instruction;
}

Instruction parse_with_heredocs(const LogicalLine& line, char escape, LineReader& reader, Checks checks) {
  Instruction instruction = parse_line(line, escape);
  if (instruction.keyword == Keyword::onbuild) return parse_onbuild(std::move(instruction), line, escape, reader, checks);
  if (may_open_heredocs(instruction)) instruction.heredocs = read_heredocs(line, reader);
  if (checks == Checks::all) check_instruction(instruction, line);
  return instruction;
}

Dockerfile parse(const Source& source, char default_escape, Checks checks) {
  Dockerfile file;
  const Directives directives = read_directives(source);
  file.directives = directives.values;
  const auto escape = file.directives.find("escape");
  file.escape = escape == file.directives.end() ? default_escape : escape->second[0];
  LineReader reader(source, file.escape, directives.lines);
  while (const auto line = reader.next()) {
    if (file.instructions.size() == k_most_instructions) line->fail(0, "more than 10,000 instructions");
    Instruction instruction = parse_with_heredocs(*line, file.escape, reader, checks);
    instruction.last_line = reader.line_number();
    instruction.comments = reader.comments();
    instruction.empty_continuation_line = reader.empty_continuation_line();
    file.instructions.push_back(std::move(instruction));
  }
  if (file.instructions.empty()) source.fail({std::max<std::size_t>(source.lines().size(), 1), 1}, "the file has no instructions");
  return file;
}

void check_order(const Source& source, const Dockerfile& file) {
  for (const Instruction& instruction : file.instructions) {
    if (instruction.keyword == Keyword::from) return;
    if (instruction.keyword != Keyword::arg)
      source.fail(instruction.position, std::string(keyword_name(instruction.keyword)) + " stands before the first FROM",
                  "a Dockerfile starts with FROM; only ARG may stand before it");
  }
  source.fail(file.instructions.back().position, "the file has no FROM", "name a base image, for example FROM ubuntu:22.04");
}

}  // namespace

Dockerfile parse_dockerfile(std::string_view text, std::string_view name) {
  const Source source(text, name);
  Dockerfile file = parse(source, '\\', Checks::all);
  check_order(source, file);
  return file;
}

Dockerfile parse_instructions(std::string_view text, std::string_view name, char escape) {
  return parse(Source(text, name), escape, Checks::none);
}

Instruction parse_trigger(std::string_view text, std::string_view name, char escape) {
  const Source source(text, name);
  Dockerfile file = parse(source, escape, Checks::all);
  if (file.instructions.size() > 1) source.fail(file.instructions[1].position, "an ONBUILD trigger is one instruction");
  Instruction& trigger = file.instructions[0];
  if (!may_be_trigger(trigger.keyword))
    source.fail(trigger.position, std::string(keyword_name(trigger.keyword)) + " cannot be an ONBUILD trigger");
  return std::move(trigger);
}

}  // namespace jcb::dockerfile
