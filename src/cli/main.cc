// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <new>

#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/errors.h"
#include "jcbuild/doctor.h"
#include "jcbuild/session.h"

namespace jcb::cli {
namespace {

// The commands, in the order of --help.
constexpr void (*k_commands[])(CLI::App&, Context&) = {add_compose, add_build,    add_run,   add_packages, add_images,
                                                       add_inspect, add_transfer, add_store, add_doctor};

// A program started with 0, 1 or 2 closed would otherwise get one of its own files there and print into it.
void open_standard_descriptors() {
  for (int fd = 0; fd < 3; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) [[maybe_unused]]
      const int opened = ::open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
  }
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) names.push_back(command->get_name());
  return names;
}

// CLI11 reports an unknown command as a surplus argument; people want to hear which one comes near.
std::string explain(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& arguments) {
  const auto names = command_names(app);
  const bool known = !app.get_subcommands().empty();
  for (const auto& argument : arguments) {
    if (known || argument.starts_with('-')) break;
    const std::string near = nearest(argument, names);
    return "there is no command " + escape(argument) + "\n" +
           (near.empty() ? "hint: jcbuild --help lists them\n" : "hint: did you mean " + near + "?\n");
  }
  const std::string command = known ? app.get_subcommands().front()->get_name() + " " : "";
  return escape(error.what()) + "\nhint: jcbuild " + command + "--help shows how it is used\n";
}

int report_parse_error(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& arguments) {
  if (error.get_exit_code() != static_cast<int>(CLI::ExitCodes::Success)) {
    print_story("jcbuild: " + explain(app, error, arguments));
    return 2;
  }
  const bool version_asked = dynamic_cast<const CLI::CallForVersion*>(&error) != nullptr;
  print_result(version_asked ? "jcbuild " + version() + "\n" : app.help());
  return 0;
}

void declare(CLI::App& app, Context& context) {
  app.set_version_flag("--version", version());
  app.require_subcommand(1);
  context.add_options(app);
  for (const auto add : k_commands) add(app, context);
  for (auto* command : app.get_subcommands([](const CLI::App*) { return true; })) command->fallthrough();
  set_examples(app, "  jcbuild compose pytorch ros:noetic\n  jcbuild run --rm pytorch-ros-noetic:bookworm-x86_64 python3");
}

int run_program(CLI::App& app, Context& context, int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
    context.close();
    return context.exit_code;
  } catch (const CLI::ParseError& error) {
    context.close();
    return report_parse_error(app, error, arguments);
  }
}

int guarded_main(int argc, char** argv) {
  CLI::App app("Build, compose and run container images for NVIDIA Jetsons, without a daemon.", "jcbuild");
  Context context;
  try {
    install_signal_handlers();
    declare(app, context);
    return run_program(app, context, argc, argv);
  } catch (const Error& error) {
    context.close();
    print_story(format_error(error, context.color_errors()));
    return exit_code_of(error);
  } catch (const Interrupted& interrupted) {
    context.close();
    print_story("jcbuild: interrupted\n");
    return 128 + interrupted.signal();
  } catch (const std::bad_alloc&) {
    context.close();
    print_story("jcbuild: out of memory\n");
    return 1;
  } catch (const std::exception& error) {
    context.close();
    print_story("jcbuild: internal error: " + escape(error.what()) + "\nhint: please report this with the command that you gave\n");
    return 1;
  }
}

}  // namespace
}  // namespace jcb::cli

int main(int argc, char** argv) {
  jcb::cli::open_standard_descriptors();
  return jcb::cli::guarded_main(argc, argv);
}
