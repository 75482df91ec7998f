// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/compose.h"

#include <algorithm>

#include "api/destination.h"
#include "api/devices.h"
#include "api/parts.h"
#include "compose/composer.h"
#include "packages/resolver.h"
#include "platform/target_json.h"
#include "store/images.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb {
namespace {

using util::Json;

// A request with everything looked up that does not need the base's content.
struct Prepared {
  platform::Target target;
  packages::Resolution resolution;
  oci::ImageName base_name;
  std::string image;
  std::shared_ptr<const build::DeviceAccess> devices;
  compose::ComposeOptions options;
  build::BaseAccess access;
};

compose::TestChoice choose_tests(const std::vector<std::string>& skip) {
  compose::TestChoice choice;
  for (const auto& entry : skip) {
    if (entry == "all") {
      choice.intermediate = choice.final_image = false;
    } else if (entry == "intermediate") {
      choice.intermediate = false;
    } else {
      choice.skipped.push_back(entry);
    }
  }
  return choice;
}

Prepared prepare(Session::Parts& parts, const ComposeRequest& request) {
  if (request.packages.empty()) throw Error(ErrorKind::usage, "no package is named", "jcbuild list shows what there is");
  api::check_network(request.network);
  Prepared prepared;
  prepared.target = parts.target(request.target);
  const auto catalog = parts.catalog(prepared.target);
  prepared.resolution = packages::resolve(catalog, request.packages);
  prepared.base_name = oci::ImageName::parse(request.base.empty() ? prepared.target.default_base() : request.base);
  prepared.image = api::store_tag(request.name.empty() ? prepared.resolution.default_image_name : request.name);
  prepared.options.commit = parts.commit_options(request.compression);
  prepared.access = parts.base_access(prepared.options.commit, request.always_pull);
  prepared.options.tests = choose_tests(request.skip_tests);
  prepared.options.no_cache = request.no_cache;
  auto& plan = prepared.options.plan;
  plan.base_name = prepared.base_name.text();
  plan.build_args = request.build_args;
  plan.hidden_environment = parts.proxy_environment();
  plan.network = request.network;
  prepared.devices = api::open_devices(parts, request.devices, {}, request.cdi_directories);
  plan.devices = prepared.devices.get();
  plan.compression = request.compression;
  plan.load_image = [&parts, access = prepared.access](const std::string& image, const oci::Platform& platform) {
    const auto name = oci::ImageName::parse(image);
    if (auto base = build::find_base(parts.store(), name, platform, access)) return *base;
    if (!sandbox::is_isolated()) throw compose::ImageNotReady();
    return build::load_base(parts.store(), name, platform, access, parts.progress(), 0);
  };
  return prepared;
}

build::RunnerOptions runner_options(const Prepared& prepared, const ComposeRequest& request, const build::Base& base) {
  build::RunnerOptions options;
  options.rules = &build::package_rules();
  options.epoch = prepared.options.plan.epoch;
  options.overlay_xattr = prepared.options.commit.overlay_xattr;
  options.no_cache = request.no_cache;
  options.devices = prepared.devices;
  // One set of lists and archives for each base: apt removes lists that the sources at hand do not name.
  const std::string id = base.layers.empty() ? "scratch" : base.layers.front().diff_id.hex();
  options.cache_mounts = {{"apt-lists " + id, "/var/lib/apt/lists"}, {"apt-archives " + id, "/var/cache/apt/archives"}};
  return options;
}

Json package_json(const ComposedPackage& package) {
  return {{"name", package.name},
          {"seconds", package.seconds},
          {"cached", package.cached},
          {"layer", package.layer.empty() ? Json(nullptr) : Json(package.layer)},
          {"size_bytes", package.size_bytes},
          {"reason", package.reason}};
}

std::string metadata(const ComposeResult& result, const platform::Target& target) {
  Json packages = Json::array();
  for (const auto& package : result.packages) packages.push_back(package_json(package));
  return util::to_pretty_text(Json{{"image", result.image},
                                   {"digest", result.digest},
                                   {"base", result.base},
                                   {"target", platform::to_json(target)},
                                   {"packages", packages}});
}

void fill_layer(ComposedPackage& package, const std::optional<store::Layer>& layer) {
  if (!layer) return;
  package.layer = layer->diff_id.text();
  package.size_bytes = layer->blob.size_bytes;
}

ComposeResult describe(const Prepared& prepared, const std::vector<compose::PackageOutcome>& outcomes, const std::string& digest) {
  ComposeResult result{prepared.image, digest, prepared.base_name.text(), {}, {}};
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    ComposedPackage package{outcomes[i].name, outcomes[i].cached, outcomes[i].seconds, {}, 0, prepared.resolution.order[i].reason};
    fill_layer(package, outcomes[i].layer);
    result.packages.push_back(std::move(package));
  }
  result.metadata_json = metadata(result, prepared.target);
  return result;
}

// The base, when nothing has to be made or unpacked for it.
std::optional<build::Base> find_ready_base(Session::Parts& parts, const Prepared& prepared) {
  return build::find_base(parts.store(), prepared.base_name, oci::Platform::host(), prepared.access);
}

Json forecast_json(const Prepared& prepared, const ComposeRequest& request, const std::vector<compose::Forecast>& forecasts) {
  Json packages = Json::array();
  for (std::size_t i = 0; i < forecasts.size(); ++i) {
    const auto& resolved = prepared.resolution.order[i];
    Json depends = Json::array();
    for (const auto index : resolved.depends) depends.push_back(prepared.resolution.order[index].package.name);
    packages.push_back({{"name", resolved.package.name},
                        {"path", resolved.package.relative_path},
                        {"dockerfile", resolved.package.dockerfile ? Json(*resolved.package.dockerfile) : Json(nullptr)},
                        {"depends", depends},
                        {"reason", resolved.reason},
                        {"build_args", Json(resolved.package.build_args)},
                        {"cached", forecasts[i].cached},
                        {"layer", forecasts[i].layer ? Json(forecasts[i].layer->diff_id.text()) : Json(nullptr)}});
  }
  return {{"request", request.packages},
          {"target", platform::to_json(prepared.target)},
          {"base", prepared.base_name.text()},
          {"resolver", "strict"},
          {"strategy", "chain"},
          {"image", prepared.image},
          {"packages", packages},
          {"problems", Json::array()}};
}

std::string graph_dot(const packages::Resolution& resolution) {
  std::string dot = "digraph packages {\n";
  for (const auto& resolved : resolution.order) {
    dot += "  \"" + resolved.package.name + "\";\n";
    for (const auto index : resolved.depends)
      dot += "  \"" + resolved.package.name + "\" -> \"" + resolution.order[index].package.name + "\";\n";
  }
  return dot + "}\n";
}

std::vector<compose::PackageOutcome> to_outcomes(const std::vector<compose::Forecast>& forecasts) {
  std::vector<compose::PackageOutcome> outcomes;
  for (const auto& forecast : forecasts) outcomes.push_back({forecast.name, {}, forecast.cached, 0, forecast.layer});
  return outcomes;
}

}  // namespace

ComposeResult compose_image(Session& session, const ComposeRequest& request) {
  auto& parts = session.parts();
  auto prepared = prepare(parts, request);
  auto base = find_ready_base(parts, prepared);
  const auto set_epoch = [&] { prepared.options.plan.epoch = build::choose_epoch(parts.find_variable("SOURCE_DATE_EPOCH"), *base); };
  if (base) set_epoch();
  const bool complete =
      base && compose::Composer(parts.store(), parts.progress(), nullptr, prepared.options).is_complete(prepared.resolution, *base);
  if (!complete) parts.isolate();
  Task task(parts.progress(), 0, "compose " + util::join(request.packages, " "));
  if (!base) {
    base = in_step("preparing the base " + prepared.base_name.text(), [&] {
      return build::load_base(parts.store(), prepared.base_name, oci::Platform::host(), prepared.access, parts.progress(), task.id());
    });
    set_epoch();
  }
  std::optional<build::StepRunner> runner;
  if (!complete) runner.emplace(parts.store(), parts.progress(), runner_options(prepared, request, *base));
  compose::Composer composer(parts.store(), parts.progress(), runner ? &*runner : nullptr, prepared.options);
  const auto composition = composer.compose(prepared.resolution, *base, task.id());
  if (!request.output.empty())
    api::write_root(parts, parts.store().layout(), composition.manifest, request.output, prepared.image, task.id());
  api::set_store_tag(parts.store(), prepared.image, composition.manifest);
  task.finish(complete ? TaskResult::cached : TaskResult::done);
  return describe(prepared, composition.packages, composition.manifest.digest.text());
}

ComposeForecast forecast_compose(Session& session, const ComposeRequest& request) {
  auto& parts = session.parts();
  auto prepared = prepare(parts, request);
  const auto base = find_ready_base(parts, prepared);
  std::vector<compose::Forecast> forecasts;
  if (base) {
    prepared.options.plan.epoch = build::choose_epoch(parts.find_variable("SOURCE_DATE_EPOCH"), *base);
    forecasts = compose::Composer(parts.store(), parts.progress(), nullptr, prepared.options).forecast(prepared.resolution, *base);
  } else {
    for (const auto& resolved : prepared.resolution.order) forecasts.push_back({resolved.package.name, false, std::nullopt});
  }
  return {describe(prepared, to_outcomes(forecasts), ""), util::to_pretty_text(forecast_json(prepared, request, forecasts)),
          graph_dot(prepared.resolution)};
}

}  // namespace jcb
