// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/packages.h"

#include <algorithm>

#include "cli/commands/commands.h"
#include "cli/commands/compose_options.h"

namespace jcb::cli {
namespace {

struct ListOptions {
  TargetOptions target;
  std::vector<std::string> patterns;
  std::string format = "text";
};

std::string join(const std::vector<std::string>& words, const char* separator) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : separator) + escape(word);
  return text;
}

// What could not be read is told in every form of the list, or nobody would miss it.
void tell_load_errors(const PackageList& list) {
  for (const auto& [directory, cause] : list.load_errors)
    print_story("warning: package " + escape(directory) + " cannot be read: " + escape(cause) + "\n");
}

void run_list(Context& context, const ListOptions& options) {
  const auto list = list_packages(context.session(), options.target, options.patterns);
  if (options.format == "json") return print_result(list.json + "\n");
  tell_load_errors(list);
  std::vector<std::vector<std::string>> rows{{"PACKAGE", "ALIASES", "GROUP", "NEEDS"}};
  for (const auto& package : list.packages)
    rows.push_back({escape(package.name), join(package.aliases, " "), escape(package.group), join(package.depends, " ")});
  print_result(format_table(rows));
  print_story(std::to_string(list.packages.size()) + " packages for " + escape(list.target) + "; " + std::to_string(list.disabled.size()) +
              " for other targets (jcbuild show NAME)\n");
}

std::string show_package(const PackageInfo& package) {
  std::string text = escape(package.name) + "\n";
  const auto line = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += std::string("  ") + name + value + "\n";
  };
  line("aliases:    ", join(package.aliases, ", "));
  line("group:      ", escape(package.group));
  line("path:       ", escape(package.path));
  line("dockerfile: ", escape(package.dockerfile));
  line("depends:    ", join(package.depends, ", "));
  line("notes:      ", escape(package.notes));
  return text;
}

void run_show(Context& context, const ListOptions& options) {
  const auto list = list_packages(context.session(), options.target, options.patterns);
  if (options.format == "json") return print_result(list.json + "\n");
  tell_load_errors(list);
  std::string text;
  for (const auto& package : list.packages) text += show_package(package);
  for (const auto& [name, reasons] : list.disabled)
    text += escape(name) + "\n  not for " + escape(list.target) + ": " + join(reasons, "; ") + "\n";
  print_result(text);
}

void run_resolve(Context& context, const ListOptions& options) {
  try {
    const auto resolved = resolve_packages(context.session(), options.target, options.patterns);
    if (options.format == "json") return print_result(resolved.json + "\n");
    print_result(join(resolved.chain, "\n") + "\n");
  } catch (const Error& error) {
    if (options.format != "json" || error.kind() == ErrorKind::usage) throw;
    static constexpr const char* kinds[] = {"usage", "not_found", "invalid", "refused", "unsupported", "failed", "system"};
    print_result("{\"error\":{\"kind\":" + json_string(kinds[static_cast<std::size_t>(error.kind())]) + ",\"message\":" +
                 json_string(error.message()) + ",\"hint\":" + (error.hint().empty() ? "null" : json_string(error.hint())) + "}}\n");
    context.exit_code = 1;
  }
}

using Runner = void (*)(Context&, const ListOptions&);

CLI::App* add_list_command(CLI::App& app, Context& context, const char* name, const char* description, Runner run) {
  auto* command = app.add_subcommand(name, description);
  auto options = std::make_shared<ListOptions>();
  command->add_option("PATTERN", options->patterns, "names; * and ? match");
  command->add_option("--format", options->format, "text or json")->check(CLI::IsMember({"text", "json"}))->option_text("FORM");
  add_target_options(*command, options->target);
  command->callback([&context, options, run] { run(context, *options); });
  return command;
}

}  // namespace

void add_packages(CLI::App& app, Context& context) {
  auto* group = app.add_subcommand("packages", "look at the packages");
  group->require_subcommand(1);
  set_examples(*group, "  jcbuild packages list\n  jcbuild packages show 'ros:*' --l4t 36.4.3");
  for (auto* parent : {group, &app}) {
    set_examples(*add_list_command(*parent, context, "list", "list the packages for a target", run_list),
                 "  jcbuild list\n  jcbuild list 'ros:*' --distro ubuntu:24.04 --format json");
    set_examples(*add_list_command(*parent, context, "show", "show packages, also those for other targets", run_show),
                 "  jcbuild show pytorch\n  jcbuild show 'ros:*' --l4t 36.4.3");
  }
  auto* resolve = add_list_command(app, context, "resolve", "show which packages a request brings, in order", run_resolve);
  resolve->add_option("--resolver", "strict")->check(CLI::IsMember({"strict"}))->option_text("NAME");
  set_examples(*resolve, "  jcbuild resolve pytorch ros:noetic\n  jcbuild resolve torchvision --l4t 36.4.3 --format json");
}

}  // namespace jcb::cli
