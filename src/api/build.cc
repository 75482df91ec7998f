// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/build.h"

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "api/build_cache.h"
#include "api/build_contexts.h"
#include "api/destination.h"
#include "api/devices.h"
#include "api/parts.h"
#include "build/cache_exchange.h"
#include "build/image_assembly.h"
#include "build/planner.h"
#include "build/solver.h"
#include "build/step_runner.h"
#include "util/text.h"

namespace jcb {
namespace {

unsigned choose_jobs(unsigned wanted) { return wanted != 0 ? wanted : std::max(1U, std::thread::hardware_concurrency()); }

build::VariableLookup lookup_in(const Session::Parts& parts) {
  return [&parts](const std::string& name) { return parts.find_variable(name); };
}

std::map<std::string, build::Secret> read_secrets(const Session::Parts& parts, const BuildRequest& request) {
  std::map<std::string, build::Secret> secrets;
  for (const auto& text : request.secrets) {
    auto option = build::parse_secret_option(text, lookup_in(parts));
    secrets.insert_or_assign(option.id, std::move(option.secret));
  }
  return secrets;
}

std::map<std::string, std::filesystem::path> find_agents(const Session::Parts& parts, const BuildRequest& request) {
  std::map<std::string, std::filesystem::path> sockets;
  for (const auto& text : request.ssh) {
    auto option = build::parse_ssh_option(text, lookup_in(parts));
    sockets.insert_or_assign(option.id, std::move(option.socket));
  }
  return sockets;
}

// One build of a Dockerfile, for as many platforms as are asked for.
class DockerfileBuild {
 public:
  DockerfileBuild(Session::Parts& parts, const BuildRequest& request, std::shared_ptr<const build::DeviceAccess> devices, Task& task)
      : m_parts(parts),
        m_request(request),
        m_commit(parts.commit_options(request.compression)),
        m_access(parts.base_access(m_commit, request.always_pull)),
        m_secrets(read_secrets(parts, request)),
        m_agents(find_agents(parts, request)),
        m_devices(std::move(devices)),
        m_contexts(parts, request, remote_access()),
        m_task(task) {
    for (const auto& text : request.cache_to) m_exports.push_back(api::parse_cache_name(text, "--cache-to"));
    open_imports();
  }

  oci::Descriptor run() {
    std::vector<oci::Platform> platforms;
    for (const auto& text : m_request.platforms) platforms.push_back(oci::Platform::parse(text));
    if (platforms.empty()) platforms.push_back(oci::Platform::host());
    const auto image = platforms.size() == 1 ? build_for(platforms.front()) : build_index(platforms);
    export_caches();
    return image;
  }

 private:
  oci::Descriptor build_index(const std::vector<oci::Platform>& platforms) {
    oci::Index index{std::string(oci::k_media_index), {}, {}};
    for (const auto& platform : platforms) {
      index.manifests.push_back(in_step("building for " + platform.text(), [&] { return build_for(platform); }));
      index.manifests.back().platform = platform;
    }
    const auto bytes = index.serialize();
    return {std::string(oci::k_media_index), m_parts.store().layout().put_blob(bytes), bytes.size(), {}, std::nullopt, {}, {}};
  }

  oci::Descriptor build_for(const oci::Platform& platform) {
    const auto plan = build::plan_build(m_contexts.dockerfile(), make_inputs(platform));
    build::Solver solver(plan, m_parts.store(), m_contexts.trees(), build::plain_rules(), remote_access());
    solver.prepare();
    m_contexts.save_digests();
    build::StepRunner runner(m_parts.store(), m_parts.progress(), runner_options(plan.epoch));
    const auto& solved = solver.solve(runner, choose_jobs(m_request.jobs), m_task.id());
    for (const auto& [index, stage] : solved) m_results.insert(m_results.end(), stage.results.begin(), stage.results.end());
    return build::assemble_image(m_parts.store(), plan, solved, m_commit, {m_request.labels, m_request.annotations}, m_task);
  }

  build::RemoteAccess remote_access() const {
    build::RemoteAccess access;
    access.http = &m_parts.http();
    access.git.proxies = m_parts.proxies();
    access.git.find_secret = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = m_secrets.find(name);
      return found == m_secrets.end() ? std::nullopt : std::optional(found->second.content);
    };
    if (const auto agent = m_agents.find("default"); agent != m_agents.end()) access.git.ssh_socket = agent->second;
    const auto home = m_parts.find_variable("HOME");
    if (home) access.git.known_hosts = std::filesystem::path(*home) / ".ssh" / "known_hosts";
    return access;
  }

  build::PlanInputs make_inputs(const oci::Platform& platform) {
    build::PlanInputs inputs;
    inputs.load_image = [this](const std::string& image, const oci::Platform& wanted) {
      return build::load_base(m_parts.store(), oci::ImageName::parse(image), wanted, m_access, m_parts.progress(), m_task.id());
    };
    inputs.build_args = m_request.build_args;
    inputs.contexts = m_contexts.named();
    inputs.target = m_request.target;
    inputs.platform = platform;
    inputs.has_context = m_contexts.has_main();
    inputs.hidden_environment = m_parts.proxy_environment();
    inputs.given_epoch = m_parts.find_variable("SOURCE_DATE_EPOCH");
    inputs.network = m_request.network;
    inputs.allow_insecure = std::find(m_request.allow.begin(), m_request.allow.end(), "security.insecure") != m_request.allow.end();
    inputs.devices = m_devices.get();
    return inputs;
  }

  void export_caches() {
    oci::PackOptions pack;
    pack.compression = m_commit.compression;
    pack.overlay_xattr = m_commit.overlay_xattr;
    for (const auto& name : m_exports) {
      in_step("writing the build cache " + name.text(),
              [&] { build::export_cache(m_parts.store(), m_results, pack, *api::create_cache(m_parts, name, m_task.id())); });
    }
  }

  // A cache that cannot be read slows a build down, but need not stop it: a first run has none.
  void open_imports() {
    for (const auto& text : m_request.cache_from) {
      const auto name = api::parse_cache_name(text, "--cache-from");
      try {
        m_imports.push_back(
            std::make_unique<build::CacheImport>(m_parts.store(), api::open_cache(m_parts, name, m_task.id()), m_commit.overlay_xattr));
      } catch (const Error& error) {
        m_parts.progress().message(MessageLevel::warning, "--cache-from " + text + ": " + error.message());
      }
    }
  }

  build::RunnerOptions runner_options(std::int64_t epoch) const {
    build::RunnerOptions options;
    options.rules = &build::plain_rules();
    options.epoch = epoch;
    options.overlay_xattr = m_commit.overlay_xattr;
    options.no_cache = m_request.no_cache;
    for (const auto& import : m_imports)
      options.imports.emplace_back([cache = import.get()](const std::string& key) { return cache->fetch(key); });
    options.explain_cache = m_request.explain_cache;
    options.secrets = m_secrets;
    options.ssh_sockets = m_agents;
    options.devices = m_devices;
    if (m_request.shell_on_error) options.on_failure = [this](const sandbox::Job& job, const Error& error) { open_shell(job, error); };
    return options;
  }

  // Into the failed step, as it left everything, with its environment and its user.
  void open_shell(sandbox::Job job, const Error& error) const {
    const std::lock_guard one_at_a_time(m_terminal);
    auto& progress = m_parts.progress();
    progress.message(MessageLevel::warning, error.message());
    progress.message(MessageLevel::note,
                     "a shell in the failed step; what it changes is thrown away. It runs: " + util::join(job.argv, " "));
    progress.pause();
    job.argv = {"/bin/sh", "-c", "[ -x /bin/bash ] && exec /bin/bash -i; exec /bin/sh -i"};
    sandbox::run_interactive_job(job, STDIN_FILENO, STDERR_FILENO);
    progress.resume();
  }

  Session::Parts& m_parts;
  const BuildRequest& m_request;
  build::CommitOptions m_commit;
  build::BaseAccess m_access;
  std::map<std::string, build::Secret> m_secrets;
  std::map<std::string, std::filesystem::path> m_agents;
  std::shared_ptr<const build::DeviceAccess> m_devices;
  api::BuildContexts m_contexts;
  std::vector<build::StepResult> m_results;  // of all platforms
  std::vector<api::CacheName> m_exports;
  std::vector<std::unique_ptr<build::CacheImport>> m_imports;
  Task& m_task;
  mutable std::mutex m_terminal;
};

}  // namespace

BuildResult build_dockerfile(Session& session, const BuildRequest& request) {
  auto& parts = session.parts();
  api::check_network(request.network);
  api::check_entitlements(request.allow);
  BuildResult result;
  for (const auto& name : request.names) result.names.push_back(api::store_tag(name));
  api::check_contexts(request);
  auto devices = api::open_devices(parts, request.devices, request.allow, request.cdi_directories);
  parts.isolate();
  Task task(parts.progress(), 0, "build " + build::strip_userinfo(request.context));
  const auto image = DockerfileBuild(parts, request, std::move(devices), task).run();
  if (!request.output.empty())
    api::write_root(parts, parts.store().layout(), image, request.output, result.names.empty() ? "" : result.names.front(), task.id());
  for (const auto& name : result.names) api::set_store_tag(parts.store(), name, image);
  task.finish();
  result.digest = image.digest.text();
  return result;
}

}  // namespace jcb
