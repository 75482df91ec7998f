// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <algorithm>

#include "cli/arguments.h"
#include "cli/terminal.h"

namespace jcb::cli {
namespace {

constexpr const char* k_run = "run";

const CLI::App* find_command(const CLI::App& app, const std::string& name) {
  const auto found = app.get_subcommands([&](const CLI::App* command) { return command->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

// The option of a command, or the program's own, since those may stand anywhere.
const CLI::Option* find_option(const CLI::App& app, const CLI::App* command, const std::string& name) {
  const CLI::Option* option = command == nullptr ? nullptr : command->get_option_no_throw(name);
  return option != nullptr ? option : app.get_option_no_throw(name);
}

bool takes_value(const CLI::Option* option) { return option != nullptr && option->get_items_expected_min() > 0; }

// Whether the value of the option in `word` is the next word: "--name x", "-e x", "-ite x", but not "--name=x", "-ex".
bool continues_in_next_word(const CLI::App& app, const CLI::App* command, const std::string& word) {
  if (word.starts_with("--")) return word.find('=') == std::string::npos && takes_value(find_option(app, command, word));
  for (std::size_t i = 1; i < word.size(); ++i) {
    const CLI::Option* option = find_option(app, command, {'-', word[i]});
    if (option == nullptr || takes_value(option)) return option != nullptr && i + 1 == word.size();
  }
  return false;
}

// The position of the first word from `start` that is neither an option nor an option's value.
std::size_t skip_options(const CLI::App& app, const CLI::App* command, const std::vector<std::string>& words, std::size_t start) {
  while (start < words.size()) {
    const std::string& word = words[start];
    if (word == "--") return start + 1;
    if (word.size() < 2 || word[0] != '-') return start;
    start += continues_in_next_word(app, command, word) ? 2 : 1;
  }
  return words.size();
}

// "--push" becomes "--push=DEFAULT": an option whose value may be left out must not take the next word for it.
void complete_optional_values(const CLI::App& app, std::vector<std::string>& words) {
  const std::size_t first = skip_options(app, nullptr, words, 0);
  const CLI::App* command = first < words.size() ? find_command(app, words[first]) : nullptr;
  for (auto& word : words) {
    if (word == "--") return;
    if (!word.starts_with("--") || word.find('=') != std::string::npos) continue;
    const CLI::Option* option = find_option(app, command, word);
    if (option != nullptr && option->get_items_expected_min() == 0 && option->get_items_expected_max() > 0)
      word += "=" + option->get_default_str();
  }
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* level = &command; level != nullptr; level = level->get_parent()) {
    for (const auto* option : level->get_options()) {
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

const CLI::App& deepest_command(const CLI::App& app) {
  const auto given = app.get_subcommands();
  return given.empty() ? app : deepest_command(*given.front());
}

std::string full_name(const CLI::App& command) {
  return command.get_parent() == nullptr ? command.get_name() : full_name(*command.get_parent()) + " " + command.get_name();
}

// "there is no" for the program, "images has no" for a command.
std::string lacks(const CLI::App& command) { return command.get_parent() == nullptr ? "there is no" : command.get_name() + " has no"; }

// The first word that nobody wanted, in the order in which it was written; empty when there is none.
std::string first_surplus(const CLI::App& app, const std::vector<std::string>& words) {
  const auto surplus = app.remaining(true);
  const auto first = std::find_if(words.begin(), words.end(),
                                  [&](const auto& w) { return std::find(surplus.begin(), surplus.end(), w) != surplus.end(); });
  return first != words.end() ? *first : surplus.empty() ? "" : surplus.back();
}

std::string with_hint(const std::string& cause, const std::string& near, const std::string& otherwise) {
  return cause + "\nhint: " + (near.empty() ? otherwise : "did you mean " + near + "?") + "\n";
}

std::string usage_hint(const CLI::App& command) { return full_name(command) + " --help shows how it is used"; }
std::string list_hint(const CLI::App& command) { return full_name(command) + " --help lists them"; }

std::string explain_surplus(const CLI::App& command, const std::string& word) {
  if (word.starts_with('-')) {
    const std::string option = word.substr(0, word.find('='));
    return with_hint(lacks(command) + " option " + escape(option), nearest(option, option_names(command)), usage_hint(command));
  }
  const auto commands = command_names(command);
  if (!commands.empty()) return with_hint(lacks(command) + " command " + escape(word), nearest(word, commands), list_hint(command));
  return with_hint(command.get_name() + " takes no argument '" + escape(word) + "'", "", usage_hint(command));
}

}  // namespace

CommandLine split_command_line(const CLI::App& app, std::vector<std::string> words) {
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.push_back("--help");
  }
  const std::size_t first = skip_options(app, nullptr, words, 0);
  const CLI::App* run = first < words.size() && words[first] == k_run ? find_command(app, k_run) : nullptr;
  CommandLine line{words, {}};
  if (run != nullptr) {
    const std::size_t image = skip_options(app, run, words, first + 1);
    const auto end = words.begin() + static_cast<std::ptrdiff_t>(std::min(image + 1, words.size()));
    line = {{words.begin(), end}, {end, words.end()}};
  }
  complete_optional_values(app, line.ours);
  return line;
}

std::string explain_parse_error(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words) {
  const CLI::App& command = deepest_command(app);
  const bool is_required = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  // CLI11 misses a required argument before it looks at a misspelt option, which is the likelier cause.
  const std::string surplus =
      is_required || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ? first_surplus(app, words) : std::string();
  if (!surplus.empty()) return explain_surplus(command, surplus);
  const std::string cause = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
    return with_hint(escape(cause.substr(0, cause.find(':'))) + " needs a value", "", usage_hint(command));
  if (!is_required) return with_hint(escape(cause), "", usage_hint(command));
  if (!command_names(command).empty()) return with_hint(command.get_name() + " needs a command", "", list_hint(command));
  return with_hint(command.get_name() + " needs " + escape(cause.substr(0, cause.find(" is required"))), "", usage_hint(command));
}

}  // namespace jcb::cli
