// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/commands/compose_options.h"
#include "cli/commands/registry_options.h"
#include "jcbuild/registry.h"

namespace jcb::cli {
namespace {

std::string forecast_table(const ComposeForecast& forecast) {
  std::vector<std::vector<std::string>> rows{{"PACKAGE", "STATE", "SIZE", "WHY"}};
  for (const auto& package : forecast.result.packages)
    rows.push_back({escape(package.name), package.cached ? "cached" : "to build",
                    package.layer.empty() ? "-" : human_bytes(package.size_bytes), escape(package.reason)});
  return format_table(rows) + "base:  " + escape(forecast.result.base) + "\nimage: " + escape(forecast.result.image) + "\n";
}

void run_forecast(Context& context, const ComposeOptions& options) {
  const auto forecast = forecast_compose(context.session(), options.request);
  context.close();
  if (options.format == "json") return print_result(forecast.json + "\n");
  if (options.format == "dot") return print_result(forecast.dot);
  print_result(forecast_table(forecast));
}

void tell_outcome(const ComposeResult& result) {
  std::string text = escape(result.image) + " from " + escape(result.base) + "\n";
  std::vector<std::vector<std::string>> rows;
  for (const auto& package : result.packages)
    rows.push_back({"  " + escape(package.name), package.cached ? "cached" : human_seconds(package.seconds),
                    package.layer.empty() ? "-" : human_bytes(package.size_bytes)});
  print_story(text + format_table(rows));
}

void check_choices(const ComposeOptions& options) {
  if (options.strategy == "merge")
    throw Error(ErrorKind::unsupported, "--strategy merge is not available yet: packages are stacked", "use --strategy auto or chain");
  if (options.resolver == "upstream")
    throw Error(ErrorKind::unsupported, "--resolver upstream is not available yet", "use --resolver strict");
}

}  // namespace

void write_user_file(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::trunc);
  file << content;
  file.close();
  if (!file) throw_errno("write", path);
}

void add_target_options(CLI::App& command, TargetOptions& target) {
  const auto add = [&](const char* name, std::string& value, const char* description, const char* text) {
    command.add_option(name, value, description)->option_text(text)->group("Target (detected where not given)");
  };
  add("--l4t", target.l4t, "L4T release, such as 36.4.3", "VERSION");
  add("--cuda", target.cuda, "CUDA version, such as 12.8", "VERSION");
  add("--python", target.python, "Python version, such as 3.12", "VERSION");
  add("--distro", target.distro, "distribution, such as ubuntu:24.04", "ID:VERSION");
  add("--arch", target.arch, "tegra-aarch64, aarch64 or x86_64", "ARCH");
}

void push_result(Context& context, const ComposeOptions& options, const std::string& name) {
  if (!options.push) return;
  if (name.empty()) throw Error(ErrorKind::usage, "--push needs a name", "give -t HOST/REPO:TAG");
  push_image(context.session(), name, *options.push == "true" ? "" : *options.push);
}

void add_common_build_options(CLI::App& command, ComposeOptions& options, Context& context) {
  auto& request = options.request;
  command.add_option("--build-arg", options.build_args, "value of an ARG, repeatable")->option_text("NAME=VALUE")->take_all()->expected(1);
  command.add_option("--network", request.network, "host or none")->option_text("MODE");
  command.add_option("--device", request.devices, "device that every RUN gets, by its CDI name, repeatable")
      ->option_text("NAME")
      ->take_all()
      ->expected(1);
  command.add_option("--cdi-spec-dir", request.cdi_directories, "where devices are described, if not in /etc/cdi and /var/run/cdi")
      ->option_text("DIR")
      ->take_all()
      ->expected(1);
  command.add_option("--isolation", context.isolation(), "auto, root, userns, single-uid or chroot")->option_text("MODE");
  command.add_option("--compression", request.compression, "zstd[:N], gzip[:N] or none")->option_text("METHOD");
  command.add_option("--output", request.output, "also write the image there, such as oci:DIR or docker-archive:FILE")->option_text("DEST");
  command.add_option("--iidfile", options.iidfile, "write the manifest digest to a file")->option_text("FILE");
  command.add_flag("--no-cache", request.no_cache, "run every step");
  command.add_flag("--pull", request.always_pull, "ask the registry for base images that the store has");
  command
      .add_option_function<std::string>(
          "--push", [&options](const std::string& name) { options.push = name; }, "push the image, to where its name says or to NAME")
      ->option_text("[NAME]")
      ->expected(0, 1)
      ->default_str("true");
  add_registry_options(command, context);
}

void add_compose_options(CLI::App& command, ComposeOptions& options, Context& context) {
  auto& request = options.request;
  command.add_option("--base", request.base, "base image, or bootstrap:DISTRO:SUITE")->option_text("IMAGE");
  command.add_option("--build-args", options.upstream_build_args, "name:value,… as jetson-containers writes it")->option_text("LIST");
  command.add_option("--package-dirs", context.package_trees(), "as --packages")->option_text("DIR")->take_all()->expected(1);
  command.add_option("--skip-tests", request.skip_tests, "package names, intermediate, all")
      ->option_text("LIST")
      ->delimiter(',')
      ->take_all()
      ->expected(1);
  command.add_option("--strategy", options.strategy, "auto or chain")
      ->check(CLI::IsMember({"auto", "chain", "merge"}))
      ->option_text("NAME");
  command.add_option("--resolver", options.resolver, "strict")->check(CLI::IsMember({"strict", "upstream"}))->option_text("NAME");
  command.add_option("--metadata-file", options.metadata_file, "write what was done as JSON")->option_text("FILE");
  command.add_flag("--dry-run,--simulate", options.dry_run, "show what would be built");
  command.add_option("--format", options.format, "of --dry-run: text, json or dot; of an image: oci or docker")
      ->check(CLI::IsMember({"text", "json", "dot", "oci", "docker"}))
      ->option_text("FORM");
  add_target_options(command, request.target);
}

void run_compose(Context& context, ComposeOptions& options) {
  check_choices(options);
  options.request.build_args = parse_pairs(options.build_args, "--build-arg");
  if (!options.upstream_build_args.empty()) options.request.build_args.merge(parse_colon_pairs(options.upstream_build_args));
  if (options.dry_run) return run_forecast(context, options);
  const auto result = compose_image(context.session(), options.request);
  push_result(context, options, result.image);
  context.close();
  if (!options.iidfile.empty()) write_user_file(options.iidfile, result.digest);
  if (!options.metadata_file.empty()) write_user_file(options.metadata_file, result.metadata_json + "\n");
  tell_outcome(result);
  print_result(result.digest + "\n");
}

void add_compose(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("compose", "build packages and compose them into an image");
  auto options = std::make_shared<ComposeOptions>();
  command->add_option("PKG", options->request.packages, "packages, such as pytorch or ros:noetic")->required();
  command->add_option("-t,--name", options->request.name, "name of the image")->option_text("NAME[:TAG]");
  add_common_build_options(*command, *options, context);
  add_compose_options(*command, *options, context);
  set_examples(*command, "  jcbuild compose pytorch ros:humble\n  jcbuild compose pytorch --l4t 36.4.3 --dry-run");
  command->callback([&context, options] { run_compose(context, *options); });
}

}  // namespace jcb::cli
