// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/build.h"

#include "api/parts.h"
#include "build/image_writer.h"
#include "build/planner.h"
#include "build/runner.h"
#include "util/file.h"
#include "util/text.h"

namespace jcb {
namespace {

oci::ImageName stage_base(const build::SourceFile& file, const BuildRequest& request) {
  const auto stages = build::list_stages(file, request.build_args);
  if (stages.size() > 1) throw Error(ErrorKind::unsupported, file.name + " has several stages, which is not supported yet");
  return oci::ImageName::parse(stages.front().image);
}

build::RunnerOptions runner_options(const BuildRequest& request, std::int64_t epoch, oci::OverlayXattr xattr) {
  build::RunnerOptions options;
  options.network = request.network == "none" ? sandbox::Network::none : sandbox::Network::host;
  options.rules = &build::plain_rules();
  options.epoch = epoch;
  options.overlay_xattr = xattr;
  options.no_cache = request.no_cache;
  return options;
}

// Commits each step's tree as a layer of its own, once, and lines the history up with them.
class LayerStack {
 public:
  LayerStack(const store::Store& store, const build::Base& base, const build::CommitOptions& options, std::string compression)
      : m_store(store), m_options(options), m_compression(std::move(compression)) {
    for (const auto& layer : base.layers) m_below.push_back(layer.tree());
  }

  std::optional<store::Layer> add(const build::Step& step, const build::StepResult& result, Task& task) {
    if (!result.tree) return std::nullopt;
    const std::string key = build::next_key(step.key, "layer", {m_compression});
    auto record = m_store.find_step(key);
    if (!record) {
      record = store::StepRecord{std::nullopt, build::commit_layer(m_store, {*result.tree}, m_below, m_options, task), 0};
      m_store.put_step(key, *record);
    }
    if (record->layer) m_below.push_back(record->layer->tree());
    return record->layer;
  }

 private:
  const store::Store& m_store;
  const build::CommitOptions& m_options;
  std::string m_compression;
  std::vector<std::string> m_below;
};

}  // namespace

BuildResult build_dockerfile(Session& session, const BuildRequest& request) {
  auto& parts = session.parts();
  api::check_network(request.network);
  BuildResult result;
  for (const auto& name : request.names) result.names.push_back(api::store_tag(name));
  const auto file = build::read_source_file(request.dockerfile.empty() ? request.context / "Dockerfile" : request.dockerfile);
  const auto base_name = stage_base(file, request);
  const auto commit = parts.commit_options(request.compression);
  const build::Context context(util::Root::open(request.context), build::ContextOptions{});
  parts.isolate();
  Task task(parts.progress(), 0, "build " + request.context.native());
  const auto base = build::load_base(parts.store(), base_name, commit, parts.progress(), task.id());
  const auto epoch = build::choose_epoch(parts.find_variable("SOURCE_DATE_EPOCH"), base);
  build::PlanInputs inputs{&base, &context, request.build_args, parts.proxy_environment(), {}, {}, request.network};
  inputs.extra_environment = {{"SOURCE_DATE_EPOCH", std::to_string(epoch)}};
  inputs.start = {oci::Platform::host().architecture, epoch, build::plain_rules().id, {}};
  auto plan = build::plan_stage(file, inputs);
  for (const auto& [name, value] : request.labels) plan.config.labels[name] = value;
  build::Runner runner(parts.store(), parts.progress(), runner_options(request, epoch, commit.overlay_xattr));
  const auto results = runner.run(base, plan, task.id());
  LayerStack stack(parts.store(), base, commit, request.compression);
  build::ImageParts image;
  for (const auto& line : plan.history) {
    const auto layer = line.step ? stack.add(plan.steps[*line.step], results[*line.step], task) : std::nullopt;
    image.history.push_back({util::format_rfc3339(epoch), line.created_by, "", "jcbuild", !layer});
    if (layer) image.layers.push_back({*layer, {}});
  }
  image.base = &base;
  image.config = plan.config;
  image.epoch = epoch;
  const auto manifest = build::write_image(parts.store().layout(), image);
  if (!request.output.empty())
    api::write_destination(parts, parts.store().layout(), oci::load_image(parts.store().layout(), manifest, oci::Platform::host()),
                           request.output, result.names.empty() ? "" : result.names.front());
  for (const auto& name : result.names) api::set_store_tag(parts.store(), name, manifest);
  task.finish();
  result.digest = manifest.digest.text();
  return result;
}

}  // namespace jcb
