// SPDX-License-Identifier: Apache-2.0
#include "compose/package_plan.h"

#include "build/capture.h"
#include "jcbuild/error.h"
#include "oci/descriptor.h"
#include "util/root.h"

namespace jcb::compose {
namespace {

// The files of a package, as git keeps them.
std::map<std::string, build::SourceTree> make_contexts(const std::filesystem::path& directory) {
  build::ContextOptions options;
  options.modes = build::ModePolicy::normalised;
  options.name = "the package's directory";
  return {{"", {std::make_shared<const build::Context>(util::Root::open(directory), std::move(options)), directory}}};
}

build::PlanInputs make_inputs(const packages::Package& package, const build::Base& stack, const PlanContext& context) {
  build::PlanInputs inputs;
  inputs.build_args = context.build_args;
  inputs.build_args.insert(package.build_args.begin(), package.build_args.end());
  inputs.build_args["BASE_IMAGE"] = context.base_name;
  inputs.load_image = [&](const std::string& image, const oci::Platform& platform) {
    return image == context.base_name ? stack : context.load_image(image, platform);
  };
  inputs.hidden_environment = context.hidden_environment;
  inputs.extra_environment = {{"DEBIAN_FRONTEND", "noninteractive"}};
  inputs.given_epoch = std::to_string(context.epoch);
  inputs.network = context.network;
  inputs.devices = context.devices;
  return inputs;
}

// A package becomes a layer on what it depends on, so that is what its last stage has to stand on.
void check_base(const build::SourceFile& file, const build::PlanInputs& inputs, const std::string& base) {
  build::GlobalScope scope(inputs.build_args, inputs.platform);
  const build::StageList stages(file, scope, inputs.contexts);
  const auto image = stages.root_image(stages.find_target(""));
  if (image != base)
    throw Error(ErrorKind::unsupported, file.name + " stands on " + image + " instead of ${BASE_IMAGE}",
                "a package is built on the packages it depends on: write FROM ${BASE_IMAGE}");
}

}  // namespace

PackagePlan plan_package(const store::Store& store, const packages::Package& package, const build::Base& stack,
                         const std::vector<std::string>& dependency_keys, const PlanContext& context) {
  const util::Root directory = util::Root::open(package.directory);
  const auto file = build::read_source_file(directory, *package.dockerfile, package.relative_path + "/" + *package.dockerfile);
  const auto inputs = make_inputs(package, stack, context);
  check_base(file, inputs, context.base_name);
  PackagePlan result;
  result.plan = std::make_unique<build::BuildPlan>(build::plan_build(file, inputs));
  result.solver = std::make_unique<build::Solver>(*result.plan, store, make_contexts(package.directory), build::package_rules());
  result.solver->prepare();
  PackageKey key{result.solver->definition(), dependency_keys, {}, context.compression};
  for (const auto& layer : stack.layers) key.built_on.push_back(layer.diff_id);
  result.key = key.hex();
  return result;
}

}  // namespace jcb::compose
