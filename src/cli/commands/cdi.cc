// SPDX-License-Identifier: Apache-2.0
// cdi list, cdi validate, cdi apply.
#include "jcbuild/cdi.h"

#include "cli/arguments.h"
#include "cli/commands/commands.h"

namespace jcb::cli {
namespace {

struct ListOptions {
  std::vector<std::filesystem::path> directories;
  std::string format = "text";
};

void add_directories(CLI::App& command, std::vector<std::filesystem::path>& directories) {
  command.add_option("--spec-dir", directories, "look there instead of the usual directories, repeatable; the last one wins")
      ->option_text("DIR")
      ->take_all()
      ->expected(1);
}

void run_list(Context& context, const ListOptions& options) {
  const auto listing = list_cdi_devices(context.session(), options.directories);
  context.close();
  for (const auto& problem : listing.problems) print_story("warning: " + escape(problem.file + ": " + problem.message) + "\n");
  if (options.format == "json") return print_result(listing.json + "\n");
  std::vector<std::vector<std::string>> rows{{"DEVICE", "FILE"}};
  for (const auto& device : listing.devices) rows.push_back({escape(device.name), escape(device.file)});
  print_result(format_table(rows));
}

void add_list(CLI::App& parent, Context& context) {
  auto* command = parent.add_subcommand("list", "the devices that can be asked for");
  auto options = std::make_shared<ListOptions>();
  add_directories(*command, options->directories);
  command->add_option("--format", options->format, "text or json")->check(CLI::IsMember({"text", "json"}))->option_text("FORM");
  set_examples(*command, "  jcbuild cdi list\n  jcbuild cdi list --format json | jq -r '.devices[].name'");
  command->callback([&context, options] { run_list(context, *options); });
}

void add_validate(CLI::App& parent) {
  auto* command = parent.add_subcommand("validate", "check specifications of devices");
  auto files = std::make_shared<std::vector<std::string>>();
  command->add_option("FILE", *files, "specification, YAML or (*.json) JSON")->required();
  set_examples(*command, "  jcbuild cdi validate /etc/cdi/nvidia.yaml\n  jcbuild cdi validate *.json");
  command->callback([files] {
    std::string report;
    for (const auto& file : *files) report += validate_cdi_spec(file);
    print_result(report);
  });
}

void add_apply(CLI::App& parent, Context& context) {
  auto* command = parent.add_subcommand("apply", "print a config.json of the runtime-spec with devices in it");
  auto request = std::make_shared<CdiApplyRequest>();
  auto no_hooks = std::make_shared<bool>(false);
  command->add_option("CONFIG", request->config, "config.json")->required();
  add_directories(*command, request->directories);
  command->add_option("--device", request->devices, "full name, repeatable; in this order")
      ->option_text("NAME")
      ->take_all()
      ->expected(1)
      ->required();
  command->add_flag("--no-hooks", *no_hooks, "leave out the programs that a runtime would run on this machine");
  set_examples(*command,
               "  jcbuild cdi apply --device nvidia.com/gpu=all config.json\n"
               "  jcbuild cdi apply --spec-dir ./cdi --device v.com/gpu=0 --no-hooks config.json");
  command->callback([&context, request, no_hooks] {
    request->hooks = !*no_hooks;
    const auto config = apply_cdi_devices(context.session(), *request);
    context.close();
    print_result(config);
  });
}

}  // namespace

void add_cdi(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("cdi", "devices of this machine (Container Device Interface)");
  command->require_subcommand(1);
  set_examples(*command, "  jcbuild cdi list\n  jcbuild cdi validate /etc/cdi/nvidia.yaml");
  add_list(*command, context);
  add_validate(*command);
  add_apply(*command, context);
}

}  // namespace jcb::cli
