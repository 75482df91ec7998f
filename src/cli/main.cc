// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <new>

#include "cli/command_line.h"
#include "cli/commands/commands.h"
#include "cli/errors.h"
#include "cli/help.h"
#include "jcbuild/doctor.h"
#include "jcbuild/session.h"

namespace jcb::cli {
namespace {

// The commands, in the order of --help.
constexpr void (*k_commands[])(CLI::App&, Context&) = {add_compose, add_build,    add_run,      add_packages, add_images,
                                                       add_inspect, add_transfer, add_registry, add_serve,    add_store,
                                                       add_cdi,     add_debug,    add_doctor};

// A program started with 0, 1 or 2 closed would otherwise get one of its own files there and print into it. They are opened
// the wrong way round, so that a result that goes nowhere is still an error.
void open_standard_descriptors() {
  for (int fd = 0; fd < 3; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) [[maybe_unused]]
      const int opened = ::open("/dev/null", fd == 1 ? O_RDONLY : O_WRONLY);
  }
}

int report_parse_error(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& arguments) {
  if (error.get_exit_code() != static_cast<int>(CLI::ExitCodes::Success)) {
    print_story("jcbuild: " + explain_parse_error(app, error, arguments));
    return 2;
  }
  const bool version_asked = dynamic_cast<const CLI::CallForVersion*>(&error) != nullptr;
  print_result(version_asked ? "jcbuild " + version() + "\n" : app.help());
  return 0;
}

void declare(CLI::App& app, Context& context) {
  set_help_form(app);
  app.set_version_flag("--version", version(), "print the version");
  app.require_subcommand(1);
  context.add_options(app);
  for (const auto add : k_commands) add(app, context);
  for (auto* command : app.get_subcommands([](const CLI::App*) { return true; })) command->fallthrough();
  group_commands(app);
  set_examples(app, "  jcbuild compose pytorch ros:noetic\n  jcbuild run --rm pytorch-ros-noetic:bookworm-x86_64 python3");
}

int run_program(CLI::App& app, Context& context, int argc, char** argv) {
  // A program may be started without even its own name.
  auto [arguments, container] = split_command_line(app, {argv + std::min(argc, 1), argv + argc});
  context.container_words = std::move(container);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
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
