// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/build.h"

#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/commands/compose_options.h"

namespace jcb::cli {
namespace {

struct BuildOptions {
  ComposeOptions compose;
  std::vector<std::string> arguments;
  std::vector<std::string> names;
  std::vector<std::string> labels;
  std::string dockerfile;
};

BuildRequest to_request(const BuildOptions& options) {
  const auto& shared = options.compose.request;
  BuildRequest request;
  request.context = options.arguments.front();
  request.dockerfile = options.dockerfile;
  request.names = options.names;
  request.build_args = parse_pairs(options.compose.build_args, "--build-arg");
  request.labels = parse_pairs(options.labels, "--label");
  request.network = shared.network;
  request.compression = shared.compression;
  request.output = shared.output;
  request.no_cache = shared.no_cache;
  return request;
}

// A context that does not exist would otherwise be reported as a missing Dockerfile.
void check_context(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return;
  if (path == "-" || path.find("://") != std::string::npos || std::filesystem::is_regular_file(path, error))
    throw Error(ErrorKind::unsupported, "cannot build from " + escape(path) + ": only a directory can be the context yet",
                "unpack or clone it, and give its directory");
  throw Error(ErrorKind::not_found, "the context " + escape(path) + " is not a directory");
}

// One word that is no path may be a mistyped directory as well as a package.
void compose_packages(Context& context, BuildOptions& options) {
  try {
    run_compose(context, options.compose);
  } catch (Error& error) {
    const auto& words = options.arguments;
    if (error.kind() == ErrorKind::not_found && words.size() == 1 && error.message() == "package '" + words.front() + "' does not exist")
      error.add_details({"nor is there a directory of that name with a Dockerfile to build"});
    throw;
  }
}

void run_build(Context& context, BuildOptions& options) {
  const bool dockerfile = options.arguments.size() == 1 && is_path_like(options.arguments.front());
  if (!dockerfile) {
    options.compose.request.packages = options.arguments;
    if (options.names.size() > 1) throw Error(ErrorKind::usage, "a composition takes one name");
    if (!options.names.empty()) options.compose.request.name = options.names.front();
    return compose_packages(context, options);
  }
  check_context(options.arguments.front());
  const auto result = build_dockerfile(context.session(), to_request(options));
  context.close();
  if (!options.compose.iidfile.empty()) write_user_file(options.compose.iidfile, result.digest);
  print_result(result.digest + "\n");
}

}  // namespace

void add_build(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("build", "build a Dockerfile; with package names instead of a directory: compose");
  auto options = std::make_shared<BuildOptions>();
  command->add_option("CONTEXT|PKG", options->arguments, "directory with the Dockerfile, or names of packages")->required();
  command->add_option("-t,--tag,--name", options->names, "name of the image, repeatable")
      ->option_text("NAME[:TAG]")
      ->take_all()
      ->expected(1);
  command->add_option("-f,--file", options->dockerfile, "Dockerfile, if not CONTEXT/Dockerfile")->option_text("FILE");
  command->add_option("--label", options->labels, "label of the image, repeatable")->option_text("NAME=VALUE")->take_all()->expected(1);
  add_common_build_options(*command, options->compose);
  add_compose_options(*command, options->compose, context);
  set_examples(*command, "  jcbuild build -t my/app .\n  jcbuild build -f Dockerfile.jetson --build-arg VERSION=2 -t app:2 src/");
  command->callback([&context, options] { run_build(context, *options); });
}

}  // namespace jcb::cli
