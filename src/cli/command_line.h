// SPDX-License-Identifier: Apache-2.0
// What CLI11 does not do: `run IMAGE ...` passes on what follows the image untouched, `help COMMAND`, and messages that
// name the mistake and what comes near it.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace jcb::cli {

/// The words of a command line: ours, and those that belong to the container of `run`.
struct CommandLine {
  std::vector<std::string> ours;
  std::vector<std::string> container;
};

/// Cuts the words of `run` behind the image, so that no option of the container's command is taken for one of ours.
/// "help COMMAND" becomes "COMMAND --help", and an option with an optional value gets its default, "--push=true".
CommandLine split_command_line(const CLI::App& app, std::vector<std::string> words);

/// One line for a mistake in the command line, and a hint; `words` are those that `app` has parsed.
std::string explain_parse_error(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words);

}  // namespace jcb::cli
