// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/doctor.h"

#include "cli/commands/commands.h"

namespace jcb::cli {
namespace {

void run_doctor(Context& context, const std::string& format) {
  const auto checks = examine_machine(context.session());
  for (const auto& check : checks) {
    if (!check.good && check.needed) context.exit_code = 1;
  }
  if (format == "json") return print_result(to_json(checks) + "\n");
  std::string text;
  for (const auto& check : checks) {
    text += std::string(check.good     ? "ok    "
                        : check.needed ? "FAIL  "
                                       : "miss  ") +
            escape(check.name) + ": " + escape(check.finding) + "\n";
    if (!check.fix.empty()) text += "      fix: " + escape(check.fix) + "\n";
  }
  print_result(text);
}

}  // namespace

void add_doctor(CLI::App& app, Context& context) {
  auto* doctor = app.add_subcommand("doctor", "say what this machine can do, what is missing and the exact fix");
  auto format = std::make_shared<std::string>("text");
  doctor->add_option("--format", *format, "text or json")->check(CLI::IsMember({"text", "json"}))->option_text("FORM");
  set_examples(*doctor, "  jcbuild doctor\n  jcbuild doctor --format json");
  doctor->callback([&context, format] { run_doctor(context, *format); });

  auto* command = app.add_subcommand("version", "print the version");
  auto version_format = std::make_shared<std::string>("text");
  command->add_option("--format", *version_format, "text or json")->check(CLI::IsMember({"text", "json"}))->option_text("FORM");
  set_examples(*command, "  jcbuild version\n  jcbuild version --format json");
  command->callback([version_format] {
    print_result(*version_format == "json" ? "{\"version\":" + json_string(version()) + "}\n" : "jcbuild " + version() + "\n");
  });
}

}  // namespace jcb::cli
