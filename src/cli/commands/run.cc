// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/run.h"

#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/commands/registry_options.h"
#include "cli/errors.h"

namespace jcb::cli {
namespace {

struct RunOptions {
  RunRequest request;
  std::vector<std::string> environment, environment_files, volumes;
  std::string entrypoint, shm_size, command;
  bool remove = false;
};

void add_process_options(CLI::App& command, RunOptions& options) {
  auto& request = options.request;
  command.add_flag("-i,--interactive", request.interactive, "keep standard input open");
  command.add_flag("-t,--tty", request.terminal, "give it a terminal");
  command.add_option("-e,--env", options.environment, "variable, repeatable; a bare name takes our value")
      ->option_text("NAME[=VALUE]")
      ->take_all()
      ->expected(1);
  command.add_option("--env-file", options.environment_files, "file of variables")->option_text("FILE")->take_all()->expected(1);
  command.add_option("-w,--workdir", request.working_directory, "working directory")->option_text("DIR");
  command.add_option("-u,--user", request.user, "user, or user:group, by name or number")->option_text("USER");
  command.add_option("--entrypoint", options.entrypoint, "instead of the image's; empty clears it")->option_text("PROGRAM");
}

void add_container_options(CLI::App& command, RunOptions& options) {
  auto& request = options.request;
  command.add_flag("--rm", options.remove, "remove it afterwards (always so in the foreground)");
  command.add_option("--name", request.name, "name of the container")->option_text("NAME");
  command.add_option("--hostname", request.hostname, "host name inside")->option_text("NAME");
  command.add_option("-v,--volume", options.volumes, "show a path of the host inside, repeatable")
      ->option_text("SOURCE:TARGET[:ro]")
      ->take_all()
      ->expected(1);
  command.add_option("--network", request.network, "host or none")->option_text("MODE");
  command.add_flag("--read-only", request.read_only, "the root file system cannot be written");
  command.add_option("--shm-size", options.shm_size, "size of /dev/shm")->option_text("SIZE");
  command.add_option("--runtime", request.runtime, "runc, crun or a path")->option_text("NAME");
  command.add_flag("--dry-run", request.dry_run, "print the runtime spec instead of running");
}

void complete_request(const CLI::App& command, const Context& context, RunOptions& options) {
  auto& request = options.request;
  request.arguments = context.container_words;
  for (const auto& file : options.environment_files) {
    for (auto& entry : read_environment_file(file)) request.environment.push_back(std::move(entry));
  }
  for (auto& entry : parse_environment(options.environment)) request.environment.push_back(std::move(entry));
  for (const auto& volume : options.volumes) request.volumes.push_back(parse_volume(volume));
  if (!options.shm_size.empty()) request.shm_bytes = parse_size(options.shm_size, "--shm-size");
  if (command.count("--entrypoint") > 0)
    request.entrypoint = options.entrypoint.empty() ? std::vector<std::string>{} : std::vector{options.entrypoint};
}

void run_run(const CLI::App& command, Context& context, RunOptions& options) {
  try {
    complete_request(command, context, options);
    const auto result = run_container(context.session(), options.request);
    context.close();
    if (options.request.dry_run) return print_result(result.spec + "\n");
    if (!result.failure.empty()) print_story("jcbuild: " + escape(result.failure) + "\n");
    context.exit_code = result.exit_code;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::usage) throw;
    context.close();
    print_story(format_error(error, context.color_errors()));
    context.exit_code = 125;
  }
}

}  // namespace

void add_run(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("run", "run a container of an image in the foreground");
  auto options = std::make_shared<RunOptions>();
  add_process_options(*command, *options);
  add_container_options(*command, *options);
  command->add_option("IMAGE", options->request.image, "image; pulled when the store lacks it")->required();
  add_registry_options(*command, context);
  // Only for the help: split_command_line takes them away before CLI11 sees them.
  command->add_option("COMMAND", options->command, "program and its arguments instead of the image's own")->option_text("[ARG...]");
  set_examples(*command,
               "  jcbuild run --rm my/torch python3 -c 'import torch; print(torch.__version__)'\n  jcbuild run -it -v $PWD:/work -w /work "
               "my/torch bash");
  command->callback([command, &context, options] { run_run(*command, context, *options); });
}

}  // namespace jcb::cli
