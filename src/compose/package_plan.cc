// SPDX-License-Identifier: Apache-2.0
#include "compose/package_plan.h"

#include "build/capture.h"
#include "jcbuild/error.h"
#include "oci/descriptor.h"
#include "util/root.h"

namespace jcb::compose {
namespace {

void check_single_stage(const build::SourceFile& file, const std::map<std::string, std::string>& arguments, const std::string& base) {
  const auto stages = build::list_stages(file, arguments);
  if (stages.size() != 1) throw Error(ErrorKind::unsupported, file.name + " has several stages, which is not supported yet");
  if (stages[0].image != base)
    throw Error(ErrorKind::unsupported, file.name + " stands on " + stages[0].image + " instead of ${BASE_IMAGE}",
                "a package is built on the packages it depends on: write FROM ${BASE_IMAGE}");
}

}  // namespace

PackagePlan plan_package(const packages::Package& package, const build::Base& stack, const std::vector<std::string>& dependency_keys,
                         const PlanContext& context) {
  util::Root directory = util::Root::open(package.directory);
  const auto file = build::read_source_file(directory, *package.dockerfile, package.relative_path + "/" + *package.dockerfile);
  build::PlanInputs inputs;
  inputs.base = &stack;
  inputs.build_args = context.build_args;
  inputs.build_args.insert(package.build_args.begin(), package.build_args.end());
  inputs.build_args["BASE_IMAGE"] = context.base_name;
  check_single_stage(file, inputs.build_args, context.base_name);
  inputs.hidden_environment = context.hidden_environment;
  inputs.extra_environment = {{"SOURCE_DATE_EPOCH", std::to_string(context.epoch)}, {"DEBIAN_FRONTEND", "noninteractive"}};
  inputs.start = {oci::Platform::host().architecture, context.epoch, build::package_rules().id, {}};
  inputs.network = context.network;
  PackagePlan result;
  result.context.emplace(std::move(directory), build::ContextOptions{build::ModePolicy::normalised});
  inputs.context = &*result.context;
  result.plan = build::plan_stage(file, inputs);
  PackageKey key{result.plan.key, dependency_keys, {}, context.compression};
  for (const auto& layer : stack.layers) key.built_on.push_back(layer.diff_id);
  result.key = key.hex();
  return result;
}

}  // namespace jcb::compose
