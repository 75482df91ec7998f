// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/build.h"

#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/commands/compose_options.h"

namespace jcb::cli {
namespace {

struct BuildOptions {
  ComposeOptions compose;
  BuildRequest request;
  std::vector<std::string> arguments;
  std::vector<std::string> build_contexts, labels, annotations;
  bool check = false;
};

void fill_request(BuildOptions& options) {
  const auto& shared = options.compose.request;
  auto& request = options.request;
  request.context = options.arguments.front();
  request.build_args = parse_pairs(options.compose.build_args, "--build-arg");
  request.build_contexts = parse_pairs(options.build_contexts, "--build-context");
  request.labels = parse_pairs(options.labels, "--label");
  request.annotations = parse_pairs(options.annotations, "--annotation");
  request.network = shared.network;
  request.compression = shared.compression;
  request.output = shared.output;
  request.devices = shared.devices;
  request.cdi_directories = shared.cdi_directories;
  request.no_cache = shared.no_cache;
  request.always_pull = shared.always_pull;
  if (options.compose.format == "docker")
    throw Error(ErrorKind::unsupported, "--format docker is not available: the store is an OCI layout",
                "write docker's form with --output docker-archive:FILE");
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

void compose_packages_instead(Context& context, BuildOptions& options) {
  options.compose.request.packages = options.arguments;
  if (options.request.names.size() > 1) throw Error(ErrorKind::usage, "a composition takes one name");
  if (!options.request.names.empty()) options.compose.request.name = options.request.names.front();
  compose_packages(context, options);
}

void check_only(Context& context, const BuildOptions& options) {
  const auto result = check_dockerfile(context.session(), options.request);
  context.close();
  print_result(options.compose.format == "json" ? result.json + "\n" : result.text);
  if (result.warnings != 0) context.exit_code = 1;
}

void run_build(Context& context, BuildOptions& options) {
  const bool dockerfile = options.arguments.size() == 1 && is_path_like(options.arguments.front());
  if (!dockerfile) return compose_packages_instead(context, options);
  fill_request(options);
  if (options.check) return check_only(context, options);
  const auto result = build_dockerfile(context.session(), options.request);
  push_result(context, options.compose, result.names.empty() ? "" : result.names.front());
  context.close();
  if (!options.compose.iidfile.empty()) write_user_file(options.compose.iidfile, result.digest);
  print_result(result.digest + "\n");
}

void add_source_options(CLI::App& command, BuildOptions& options) {
  auto& request = options.request;
  const auto add_list = [&](const char* name, std::vector<std::string>& value, const char* description, const char* text) {
    command.add_option(name, value, description)->option_text(text)->take_all()->expected(1);
  };
  command.add_option("-f,--file", request.dockerfile, "Dockerfile, if not CONTEXT/Dockerfile; - is standard input")->option_text("FILE");
  add_list("-t,--tag,--name", request.names, "name of the image, repeatable", "NAME[:TAG]");
  command.add_option("--target", request.target, "stage to build, if not the last")->option_text("STAGE");
  add_list("--build-context", options.build_contexts, "directory or image that FROM and --from call NAME, repeatable", "NAME=SOURCE");
  add_list("--secret", request.secrets, "for RUN --mount=type=secret: id=X,src=FILE or id=X,env=NAME", "SPEC");
  add_list("--ssh", request.ssh, "for RUN --mount=type=ssh: default or ID=SOCKET", "SPEC");
  add_list("--allow", request.allow, "security.insecure: RUN --security=insecure may be used; device[=NAME]: RUN --device", "NAME");
  add_list("--label", options.labels, "label of the image, repeatable", "NAME=VALUE");
  add_list("--annotation", options.annotations, "annotation of the manifest, repeatable", "NAME=VALUE");
  command.add_option("--platform", request.platforms, "such as linux/arm64; several make an index")
      ->option_text("OS/ARCH[,…]")
      ->delimiter(',')
      ->take_all()
      ->expected(1);
}

void add_process_options(CLI::App& command, BuildOptions& options) {
  auto& request = options.request;
  command.add_option("--cache-from", request.cache_from, "build cache to look in: oci:DIR[:TAG] or docker://HOST/REPO:TAG, repeatable")
      ->option_text("PLACE")
      ->take_all()
      ->expected(1);
  command.add_option("--cache-to", request.cache_to, "write the results of all steps there, repeatable")
      ->option_text("PLACE")
      ->take_all()
      ->expected(1);
  command.add_option("--jobs", request.jobs, "steps at once, if not one for each processor")->option_text("N");
  command.add_flag("--check", options.check, "only say what could be wrong with the Dockerfile");
  command.add_flag("--explain-cache", request.explain_cache, "say why a step is not found in the cache");
  command
      .add_option_function<std::string>(
          "--on-error", [&request](const std::string&) { request.shell_on_error = true; }, "shell: start a shell where a RUN fails")
      ->check(CLI::IsMember({"shell"}))
      ->option_text("shell");
}

}  // namespace

void add_build(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("build", "build a Dockerfile; with package names instead of a directory: compose");
  auto options = std::make_shared<BuildOptions>();
  command
      ->add_option("CONTEXT|PKG", options->arguments,
                   "directory, tar file, git or http address, or - (standard input); or names of packages")
      ->required();
  add_source_options(*command, *options);
  add_process_options(*command, *options);
  add_common_build_options(*command, options->compose, context);
  add_compose_options(*command, options->compose, context);
  set_examples(*command, "  jcbuild build -t my/app .\n  jcbuild build -f Dockerfile.jetson --build-arg VERSION=2 -t app:2 src/");
  command->callback([&context, options] { run_build(context, *options); });
}

}  // namespace jcb::cli
