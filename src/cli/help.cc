// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <array>

namespace jcb::cli {
namespace {

class HelpFormatter final : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(32);
    label("Positionals", "Arguments");
    label("SUBCOMMAND", "COMMAND");
  }

  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    std::string text = Formatter::make_help(app, std::move(name), mode);
    // CLI11 puts two blank lines before a second group of options.
    for (auto blank = text.find("\n\n\n"); blank != std::string::npos; blank = text.find("\n\n\n")) text.erase(blank, 1);
    return text;
  }
  std::string make_description(const CLI::App* app) const override {
    const std::string text = app->get_description();
    return text.empty() ? text : text + "\n\n";
  }
  // The footer holds the examples; what every command shares is said once, by the program.
  std::string make_footer(const CLI::App* app) const override {
    const std::string more = app->get_parent() == nullptr
                                 ? "jcbuild COMMAND --help shows the options of a command."
                                 : "jcbuild --help lists the options that all commands have (--store, --packages, --progress, --color).";
    return app->get_footer() + "\n\n" + more + "\n";
  }
  // "[COMMAND [ARG...]]" where an argument has a text, else CLI11's "[NAME]" and "NAME...".
  std::string make_option_usage(const CLI::Option* option) const override {
    if (option->get_option_text().empty()) return Formatter::make_option_usage(option);
    return "[" + make_option_name(option, true) + " " + option->get_option_text() + "]";
  }
  // Types such as TEXT say nothing; a value is named by the option.
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_option_text().empty() || option->get_positional() ? "" : " " + option->get_option_text();
  }
};

struct CommandGroup {
  const char* title;
  std::array<const char*, 12> commands;
};

constexpr CommandGroup k_groups[] = {
    {"Building", {"compose", "build"}},
    {"Packages", {"packages", "list", "show", "resolve"}},
    {"Containers", {"run"}},
    {"Images", {"images", "tag", "rmi", "inspect", "history", "copy", "save", "load", "import", "export", "unpack"}},
    {"Registries", {"pull", "push", "tags", "login", "logout", "serve"}},
    {"Store and machine", {"verify", "prune", "doctor", "cdi", "debug", "version"}},
};

}  // namespace

void set_help_form(CLI::App& app) {
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("-h,--help", "show this help");
  // As docker's flags: the last one counts.
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void group_commands(CLI::App& app) {
  for (const auto& group : k_groups) {
    for (const char* name : group.commands) {
      if (name != nullptr) app.get_subcommand(name)->group(group.title);
    }
  }
  for (auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    for (auto* nested : command->get_subcommands([](const CLI::App*) { return true; })) nested->group("Commands");
  }
}

}  // namespace jcb::cli
