// SPDX-License-Identifier: Apache-2.0
#include "build/step_runner.h"

#include <algorithm>
#include <cctype>

#include "build/copy.h"
#include "build/explain.h"
#include "build/output.h"
#include "build/step_key.h"
#include "jcbuild/error.h"
#include "sandbox/emulation.h"
#include "sandbox/users.h"
#include "store/owned_trees.h"
#include "util/hash.h"
#include "util/interrupt.h"
#include "util/text.h"

namespace jcb::build {
namespace {

std::string display_command(const std::vector<std::string>& argv) {
  std::vector<std::string> words;
  for (const auto& word : argv) words.push_back(util::quote_for_shell(word));
  const std::string text = util::join(words, " ");
  return text.size() <= 300 ? text : text.substr(0, 297) + "...";
}

// A file name that tells people which command it belongs to.
std::string log_name(const std::string& name) {
  std::string safe;
  for (const char c : name) safe += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' ? c : '_';
  return safe + ".log";
}

bool has_variable(const std::vector<std::string>& environment, std::string_view name) {
  return std::any_of(environment.begin(), environment.end(), [&](const std::string& entry) {
    return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
  });
}

bool is_link(const Step& step) {
  const auto* copy = std::get_if<CopyAction>(&step.action);
  return copy != nullptr && copy->link;
}

sandbox::Job make_job(WorkingRootfs& rootfs, const RunAction& run) {
  const auto user = sandbox::find_user(rootfs.root(), run.user);
  sandbox::Job job;
  job.root = rootfs.path();
  job.argv = run.argv;
  job.environment = run.environment;
  if (!has_variable(job.environment, "HOME")) job.environment.push_back("HOME=" + user.home);
  job.working_directory = run.working_directory;
  job.identity = user.identity;
  job.network = run.network == "none" ? sandbox::Network::none : sandbox::Network::host;
  job.insecure = run.insecure;
  job.disturbed = rootfs.disturbed();
  job.owners = rootfs.records_for({job.identity.uid, job.identity.gid});
  return job;
}

// A heredoc with an interpreter line, where BuildKit shows it.
sandbox::Bind write_script(const std::pair<std::string, std::string>& script, store::Workspace& workspace) {
  const auto directory = workspace.make_directory("pipes");
  util::Root::open(directory).write_file(script.first, script.second, 0755);
  return {directory, "/dev/pipes", true, {}};
}

}  // namespace

StepRunner::StepRunner(const store::Store& store, Progress& progress, RunnerOptions options)
    : m_store(store), m_progress(progress), m_options(std::move(options)), m_copies(store) {}

std::vector<KeyPart> StepRunner::parts_of(const Step& step, const Place& place) const {
  // What --link makes does not see what lies below it.
  const KeyStart nothing{place.platform->text(), m_options.epoch, m_options.rules->id, {}};
  auto parts = step.parts;
  parts.push_back({"content of its files", place.inputs->digest()});
  parts.push_back({"what lies below it", is_link(step) ? start_state(nothing) : place.stack->state});
  return parts;
}

void StepRunner::explain_miss(const Step& step, const Place& place, const std::vector<KeyPart>& parts) {
  if (!m_options.explain_cache) return;
  const auto why = m_options.no_cache ? std::string("--no-cache is given") : CacheExplainer(m_store).explain(place.name, parts);
  m_progress.message(MessageLevel::note, step.place + ": not cached: " + why);
}

std::optional<StepResult> StepRunner::find(const std::string& key) const {
  if (m_options.no_cache) return std::nullopt;
  const auto record = m_store.find_step(key);
  if (!record) return std::nullopt;
  m_store.touch_step(key);
  return StepResult{record->tree, record->output, key, true};
}

std::optional<StepResult> StepRunner::fetch(const std::string& key) const {
  if (m_options.no_cache) return std::nullopt;
  for (const auto& import : m_options.imports) {
    if (const auto record = import(key)) return StepResult{record->tree, record->output, key, true};
  }
  return std::nullopt;
}

StepResult StepRunner::run(const Step& step, const Place& place) {
  util::check_interrupt();
  Task task(m_progress, place.parent, step.text.substr(0, step.text.find('\n')));
  const auto parts = parts_of(step, place);
  const std::string key = step_key(parts);
  auto found = find(key);
  std::optional<store::Lease> lease;
  if (!found) {
    lease.emplace(m_store.lease("step-" + key));
    found = find(key);  // the process that we waited for may have made it
    if (!found) found = fetch(key);
  }
  if (found) return task.finish(TaskResult::cached), *found;
  explain_miss(step, place, parts);
  auto result = make(step, place, key, task);
  CacheExplainer(m_store).remember(place.name, parts);
  task.finish();
  return result;
}

StepResult StepRunner::make(const Step& step, const Place& place, const std::string& key, Task& task) {
  store::Workspace workspace = m_store.make_workspace();
  const timespec started = step_clock();
  if (const auto* run = std::get_if<RunAction>(&step.action)) {
    return execute_run(*run, place, workspace, key, task);
  }
  WorkingRootfs rootfs(m_store, workspace, is_link(step) ? std::vector<std::string>{} : place.stack->trees, {}, m_copies);
  if (const auto* directory = std::get_if<WorkdirAction>(&step.action)) {
    const auto owner = sandbox::find_user(rootfs.root(), directory->user).identity;
    make_owned_directories(rootfs.root(), directory->directory, owner.uid, owner.gid, 0755, rootfs.records());
  } else {
    place.inputs->copy(rootfs.root(), rootfs.records());
  }
  return keep(rootfs, started, key);
}

StepResult StepRunner::keep(WorkingRootfs& rootfs, const timespec& started, const std::string& key) {
  auto changes = rootfs.finish();
  const util::Root upper = util::Root::open(changes.upper);
  capture(upper, started, m_options.epoch, *m_options.rules);
  store::StepRecord record;
  record.output = digest_tree(upper, m_options.overlay_xattr, store::table_for(m_store, changes.owners));
  if (!record.output.empty()) {
    record.tree = "tree-" + record.output;
    m_store.publish_tree(changes.upper, *record.tree, std::move(changes.owners));
  }
  m_store.put_step(key, record);
  rootfs.kept_as(record.tree);
  return {record.tree, record.output, key, false};
}

// Which tree each `from` of the mounts is.
MountEnvironment StepRunner::mount_environment(const RunAction& run, const Place& place) const {
  std::map<std::string, Origin> origins{{"", Origin{}}};
  for (std::size_t i = 0; i < run.mounts.size(); ++i) origins.emplace(run.mounts[i].from, run.mount_origins[i]);
  MountEnvironment environment;
  environment.tree = [&trees = *place.trees, origins](const std::string& from) {
    const auto& origin = origins.at(from);
    const auto tree = trees.open_for_mount(origin);
    MountTree result;
    result.root = std::make_shared<const util::Root>(tree.context->root().duplicate());
    result.path = tree.path;
    result.identity = trees.find_state(origin).value_or("context " + origin.name);
    return result;
  };
  environment.secrets = &m_options.secrets;
  environment.ssh_sockets = &m_options.ssh_sockets;
  environment.store = &m_store;
  environment.working_directory = run.working_directory;
  return environment;
}

// Mounts that every RUN of the invocation has.
std::vector<sandbox::Bind> StepRunner::common_binds(std::vector<store::Lease>& leases) const {
  std::vector<sandbox::Bind> binds;
  for (const auto& mount : m_options.cache_mounts) {
    leases.push_back(m_store.lease("mount-" + util::sha256_hex(mount.id)));
    binds.push_back({m_store.cache_mount(mount.id), mount.target, false, {}});
  }
  return binds;
}

RunDevices StepRunner::find_devices(const std::vector<std::string>& names) const {
  if (names.empty()) return {};
  const std::string step = "preparing the device" + std::string(names.size() == 1 ? " " : "s ") + util::join(names, ", ");
  return in_step(step, [&] { return RunDevices(m_options.devices->catalog().edits_of(names)); });
}

StepResult StepRunner::execute_run(const RunAction& run, const Place& place, store::Workspace& workspace, const std::string& key,
                                   Task& task) {
  std::vector<store::Lease> leases;
  auto binds = common_binds(leases);
  if (!sandbox::is_native(place.platform->architecture)) {
    const auto emulation = sandbox::require_emulation(place.platform->architecture);
    if (!emulation.held_open) binds.push_back({emulation.interpreter, emulation.interpreter, true, {}});
  }
  if (run.script) binds.push_back(write_script(*run.script, workspace));
  const auto environment = mount_environment(run, place);
  const RunMounts mounts(run.mounts, environment, workspace);
  const RunDevices devices = find_devices(run.devices);
  auto points = mounts.points();
  for (auto& point : devices.points()) points.push_back(std::move(point));
  for (const auto& bind : binds) points.push_back({bind.target, std::filesystem::is_directory(bind.source)});
  WorkingRootfs rootfs(m_store, workspace, place.stack->trees, points, m_copies);
  const timespec started = step_clock();
  auto job = make_job(rootfs, run);
  job.binds = std::move(binds);
  devices.add_to(job);
  mounts.add_to(job);
  run_job(job, key, workspace, task);
  return keep(rootfs, started, key);
}

void StepRunner::run_job(const sandbox::Job& job, const std::string& name, store::Workspace& workspace, Task& task) {
  StepOutput output(task, workspace.path() / log_name(name));
  const auto status = sandbox::run_job(job, [&](std::string_view bytes) { output.take(bytes); });
  output.finish();
  if (status.success()) return;
  const auto log = m_store.logs() / log_name(name);
  std::filesystem::rename(output.log_file(), log);
  const std::string how =
      status.signaled ? "was killed by signal " + std::to_string(status.code - 128) : "exited with status " + std::to_string(status.code);
  Error error(ErrorKind::failed, "the command " + display_command(job.argv) + " " + how, "the full log is in " + log.native());
  error.add_details(output.last_lines());
  if (m_options.on_failure) m_options.on_failure(job, error);
  throw error;
}

void StepRunner::try_command(const std::vector<std::string>& trees, const Trial& trial, TaskId parent) {
  Task task(m_progress, parent, trial.name);
  store::Workspace workspace = m_store.make_workspace();
  const RunDevices devices = find_devices(trial.devices);
  auto points = devices.points();
  for (const auto& bind : trial.binds) points.push_back({bind.target, std::filesystem::is_directory(bind.source)});
  WorkingRootfs rootfs(m_store, workspace, trees, points, m_copies);
  RunAction run;
  run.argv = trial.argv;
  run.environment = trial.environment;
  run.working_directory = trial.working_directory;
  run.user = trial.user;
  run.network = trial.network;
  auto job = make_job(rootfs, run);
  job.binds = trial.binds;
  devices.add_to(job);
  run_job(job, trial.name, workspace, task);
  task.finish();
}

}  // namespace jcb::build
