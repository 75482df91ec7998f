// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/build.h"

#include <thread>

#include "api/build_contexts.h"
#include "api/parts.h"
#include "build/image_assembly.h"
#include "build/planner.h"
#include "build/solver.h"
#include "build/step_runner.h"
#include "util/text.h"

namespace jcb {
namespace {

unsigned choose_jobs(unsigned wanted) { return wanted != 0 ? wanted : std::max(1U, std::thread::hardware_concurrency()); }

// One build of a Dockerfile, for as many platforms as are asked for.
class DockerfileBuild {
 public:
  DockerfileBuild(Session::Parts& parts, const BuildRequest& request, Task& task)
      : m_parts(parts), m_request(request), m_commit(parts.commit_options(request.compression)), m_contexts(parts, request), m_task(task) {}

  oci::Descriptor run() {
    std::vector<oci::Platform> platforms;
    for (const auto& text : m_request.platforms) platforms.push_back(oci::Platform::parse(text));
    if (platforms.empty()) platforms.push_back(oci::Platform::host());
    if (platforms.size() == 1) return build_for(platforms.front());
    oci::Index index{std::string(oci::k_media_index), {}, {}};
    for (const auto& platform : platforms) {
      index.manifests.push_back(in_step("building for " + platform.text(), [&] { return build_for(platform); }));
      index.manifests.back().platform = platform;
    }
    const auto bytes = index.serialize();
    return {std::string(oci::k_media_index), m_parts.store().layout().put_blob(bytes), bytes.size(), {}, std::nullopt, {}, {}};
  }

 private:
  oci::Descriptor build_for(const oci::Platform& platform) {
    const auto plan = build::plan_build(m_contexts.dockerfile(), make_inputs(platform));
    build::Solver solver(plan, m_parts.store(), m_contexts.trees(), build::plain_rules());
    solver.prepare();
    build::StepRunner runner(m_parts.store(), m_parts.progress(), runner_options(plan.epoch));
    const auto& solved = solver.solve(runner, choose_jobs(m_request.jobs), m_task.id());
    return build::assemble_image(m_parts.store(), plan, solved, m_commit, {m_request.labels, m_request.annotations}, m_task);
  }

  build::PlanInputs make_inputs(const oci::Platform& platform) {
    build::PlanInputs inputs;
    inputs.load_image = [this](const std::string& image, const oci::Platform& wanted) {
      return build::load_base(m_parts.store(), oci::ImageName::parse(image), wanted, m_commit, m_parts.progress(), m_task.id());
    };
    inputs.build_args = m_request.build_args;
    inputs.contexts = m_contexts.named();
    inputs.target = m_request.target;
    inputs.platform = platform;
    inputs.has_context = m_contexts.has_main();
    inputs.hidden_environment = m_parts.proxy_environment();
    inputs.given_epoch = m_parts.find_variable("SOURCE_DATE_EPOCH");
    inputs.network = m_request.network;
    for (const auto& entitlement : m_request.allow) inputs.allow_insecure = inputs.allow_insecure || entitlement == "security.insecure";
    return inputs;
  }

  build::RunnerOptions runner_options(std::int64_t epoch) const {
    build::RunnerOptions options;
    options.rules = &build::plain_rules();
    options.epoch = epoch;
    options.overlay_xattr = m_commit.overlay_xattr;
    options.no_cache = m_request.no_cache;
    options.explain_cache = m_request.explain_cache;
    return options;
  }

  Session::Parts& m_parts;
  const BuildRequest& m_request;
  build::CommitOptions m_commit;
  api::BuildContexts m_contexts;
  Task& m_task;
};

}  // namespace

BuildResult build_dockerfile(Session& session, const BuildRequest& request) {
  auto& parts = session.parts();
  api::check_network(request.network);
  BuildResult result;
  for (const auto& name : request.names) result.names.push_back(api::store_tag(name));
  api::check_contexts(request);
  parts.isolate();
  Task task(parts.progress(), 0, "build " + request.context);
  const auto image = DockerfileBuild(parts, request, task).run();
  if (!request.output.empty())
    api::write_destination(parts, parts.store().layout(), oci::load_image(parts.store().layout(), image, oci::Platform::host()),
                           request.output, result.names.empty() ? "" : result.names.front());
  for (const auto& name : result.names) api::set_store_tag(parts.store(), name, image);
  task.finish();
  result.digest = image.digest.text();
  return result;
}

}  // namespace jcb
