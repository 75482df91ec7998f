// SPDX-License-Identifier: Apache-2.0
#include "build/runner.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "build/copy.h"
#include "build/output.h"
#include "jcbuild/error.h"
#include "sandbox/overlay.h"
#include "sandbox/users.h"
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

}  // namespace

// A stack of trees with a fresh upper directory on top, mounted.
class Runner::Mounted {
 public:
  Mounted(Runner& runner, const std::vector<std::string>& trees, const std::vector<sandbox::Bind>& binds)
      : m_upper(runner.m_workspace.make_directory("upper")),
        m_work(runner.m_workspace.make_directory("work")),
        m_skeleton(runner.m_workspace.make_directory("skeleton")),
        m_point(runner.m_workspace.make_directory("merged")) {
    sandbox::make_skeleton(util::Root::open(m_skeleton), binds);
    std::vector<util::Root> lowers;
    for (auto tree = trees.rbegin(); tree != trees.rend(); ++tree) lowers.push_back(runner.m_store.tree(*tree));
    lowers.push_back(util::Root::open(m_skeleton));
    std::vector<const util::Root*> pointers;
    for (const auto& lower : lowers) pointers.push_back(&lower);
    m_mount = std::make_unique<sandbox::OverlayMount>(pointers, m_upper, m_work, m_point);
  }

  const std::filesystem::path& path() const { return m_point; }
  const std::filesystem::path& upper() const { return m_upper; }
  util::Root root() const { return util::Root::open(m_point); }
  void unmount() { m_mount.reset(); }

 private:
  std::filesystem::path m_upper, m_work, m_skeleton, m_point;
  std::unique_ptr<sandbox::OverlayMount> m_mount;
};

Runner::Runner(const store::Store& store, Progress& progress, RunnerOptions options)
    : m_store(store), m_progress(progress), m_options(std::move(options)), m_workspace(store.make_workspace()) {}

std::vector<StepResult> Runner::run(const Base& base, const Plan& plan, TaskId parent) {
  std::vector<std::string> below;
  for (const auto& layer : base.layers) below.push_back(layer.tree());
  std::vector<StepResult> results;
  for (const auto& step : plan.steps) {
    results.push_back(in_step("running " + step.place, [&] { return run_step(below, step, parent); }));
    if (results.back().tree) below.push_back(*results.back().tree);
  }
  return results;
}

StepResult Runner::run_step(const std::vector<std::string>& below, const Step& step, TaskId parent) {
  util::check_interrupt();
  const auto lookup = [&]() -> std::optional<StepResult> {
    const auto record = m_options.no_cache ? std::nullopt : m_store.find_step(step.key);
    if (!record) return std::nullopt;
    if (record->tree) return StepResult{record->tree, true};
    return StepResult{record->layer ? std::optional(record->layer->tree()) : std::nullopt, true};
  };
  Task task(m_progress, parent, step.text.substr(0, step.text.find('\n')));
  auto found = lookup();
  std::optional<store::Lease> lease;
  if (!found) {
    lease.emplace(m_store.lease("step-" + step.key));
    found = lookup();  // the process that we waited for may have made it
  }
  if (found) return task.finish(TaskResult::cached), *found;
  Mounted mounted(*this, below, step.kind == StepKind::run ? cache_binds() : std::vector<sandbox::Bind>{});
  const timespec started = step_clock();
  execute(mounted, step, task);
  mounted.unmount();
  const util::Root upper = util::Root::open(mounted.upper());
  capture(upper, started, m_options.epoch, *m_options.rules);
  store::StepRecord record;
  if (!upper.list().empty()) {
    record.tree = "step-" + step.key;
    if (m_options.no_cache) m_store.remove_tree(*record.tree);
    m_store.publish_tree(mounted.upper(), *record.tree);
  }
  m_store.put_step(step.key, record);
  task.finish();
  return {record.tree, false};
}

std::vector<sandbox::Bind> Runner::cache_binds() const {
  std::vector<sandbox::Bind> binds;
  for (const auto& mount : m_options.cache_mounts) binds.push_back({m_store.cache_mount(mount.id), mount.target, false});
  return binds;
}

void Runner::execute(Mounted& mounted, const Step& step, Task& task) {
  if (step.kind == StepKind::copy) return copy_into(mounted.root(), step.copy, step.sources);
  if (step.kind == StepKind::workdir) {
    const auto owner = sandbox::find_user(mounted.root(), step.user).identity;
    return make_owned_directories(mounted.root(), step.destination, owner.uid, owner.gid);
  }
  Trial trial;
  trial.argv = step.argv;
  trial.environment = step.environment;
  trial.working_directory = step.working_directory;
  trial.user = step.user;
  trial.name = step.key;
  run_command(mounted, trial, task, true);
}

void Runner::run_command(Mounted& mounted, const Trial& trial, Task& task, bool with_caches) {
  const auto user = sandbox::find_user(mounted.root(), trial.user);
  sandbox::Job job;
  job.root = mounted.path();
  job.argv = trial.argv;
  job.environment = trial.environment;
  if (!has_variable(job.environment, "HOME")) job.environment.push_back("HOME=" + user.home);
  job.working_directory = trial.working_directory;
  job.identity = user.identity;
  job.binds = trial.binds;
  job.network = m_options.network;
  std::vector<store::Lease> leases;
  if (with_caches) {
    for (const auto& mount : m_options.cache_mounts) leases.push_back(m_store.lease("mount-" + util::sha256_hex(mount.id)));
    for (auto& bind : cache_binds()) job.binds.push_back(std::move(bind));
  }
  StepOutput output(task, m_workspace.path() / log_name(trial.name));
  const auto status = sandbox::run_job(job, [&](std::string_view bytes) { output.take(bytes); });
  output.finish();
  if (status.success()) return;
  const auto log = m_store.logs() / log_name(trial.name);
  std::filesystem::rename(output.log_file(), log);
  const std::string how =
      status.signaled ? "was killed by signal " + std::to_string(status.code - 128) : "exited with status " + std::to_string(status.code);
  Error error(ErrorKind::failed, "the command " + display_command(trial.argv) + " " + how, "the full log is in " + log.native());
  error.add_details(output.last_lines());
  throw error;
}

void Runner::try_command(const std::vector<std::string>& trees, const Trial& trial, TaskId parent) {
  Task task(m_progress, parent, trial.name);
  Mounted mounted(*this, trees, trial.binds);
  run_command(mounted, trial, task, false);
  task.finish();
}

}  // namespace jcb::build
