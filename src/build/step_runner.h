// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "build/capture.h"
#include "build/device_access.h"
#include "build/rootfs.h"
#include "build/run_devices.h"
#include "build/run_mounts.h"
#include "build/stage.h"
#include "build/step_inputs.h"
#include "jcbuild/error.h"
#include "jcbuild/progress.h"
#include "oci/layer/layer.h"
#include "sandbox/sandbox.h"
#include "store/store.h"

namespace jcb::build {

/// A directory of the store shown to every RUN under `target`; one process at a time uses it.
struct CacheMount {
  std::string id;
  std::string target;
};

/// Where a step that is not in the store may be found instead.
using StepFinder = std::function<std::optional<store::StepRecord>(const std::string& key)>;

struct RunnerOptions {
  const CaptureRules* rules = nullptr;  ///< plain_rules() or package_rules()
  std::int64_t epoch = 0;
  oci::OverlayXattr overlay_xattr = oci::OverlayXattr::user;
  std::vector<CacheMount> cache_mounts;
  std::vector<StepFinder> imports;  ///< caches of others, asked in turn
  /// Called with the job of a command that failed, in its root file system as it left it; may be empty.
  std::function<void(const sandbox::Job& job, const Error& error)> on_failure;
  bool no_cache = false;
  bool explain_cache = false;  ///< say of each step that runs why
  std::map<std::string, Secret> secrets;
  std::map<std::string, std::filesystem::path> ssh_sockets;  ///< by id
  /// Where devices are looked up; null: nobody asks for one.
  std::shared_ptr<const DeviceAccess> devices;
};

/// What a step left behind.
struct StepResult {
  std::optional<std::string> tree;  ///< below layers/; nothing: the step changed no file
  std::string output;               ///< digest of the tree, or empty
  std::string key;                  ///< that it is stored under
  bool cached = false;
};

/// Runs single steps, and scratch commands, on stacks of trees. Needs enter_isolation. Thread-safe: one object serves all
/// workers of an invocation.
class StepRunner {
 public:
  /// Borrows the store and the progress.
  StepRunner(const store::Store& store, Progress& progress, RunnerOptions options);

  /// Where a step stands and what it takes.
  struct Place {
    const Stack* stack = nullptr;
    StepInputs* inputs = nullptr;
    SourceTrees* trees = nullptr;
    const oci::Platform* platform = nullptr;
    std::string name;  ///< Dockerfile, stage and position, for the explanation of a miss
    TaskId parent = 0;
  };
  /// Finds the step's result in the store, or runs it and records what came out. Throws Error(failed) with the last output
  /// of a command that failed and the place of its full log.
  StepResult run(const Step& step, const Place& place);

  /// A command on a stack of trees (bottom first) whose changes are thrown away; for tests of packages.
  struct Trial {
    std::vector<std::string> argv;
    std::vector<std::string> environment;
    std::string working_directory = "/";
    std::string user;
    std::vector<sandbox::Bind> binds;
    std::vector<std::string> devices;  ///< full names
    std::string network = "host";
    std::string name;  ///< for messages and the log file
  };
  void try_command(const std::vector<std::string>& trees, const Trial& trial, TaskId parent);

  const RunnerOptions& options() const noexcept { return m_options; }

 private:
  std::vector<KeyPart> parts_of(const Step& step, const Place& place) const;
  void explain_miss(const Step& step, const Place& place, const std::vector<KeyPart>& parts);
  std::optional<StepResult> find(const std::string& key) const;
  std::optional<StepResult> fetch(const std::string& key) const;
  StepResult make(const Step& step, const Place& place, const std::string& key, Task& task);
  StepResult keep(WorkingRootfs& rootfs, const timespec& started, const std::string& key);
  MountEnvironment mount_environment(const RunAction& run, const Place& place) const;
  RunDevices find_devices(const std::vector<std::string>& names) const;
  std::vector<sandbox::Bind> common_binds(std::vector<store::Lease>& leases) const;
  StepResult execute_run(const RunAction& run, const Place& place, store::Workspace& workspace, const std::string& key, Task& task);
  void run_job(const sandbox::Job& job, const std::string& name, store::Workspace& workspace, Task& task);

  const store::Store& m_store;
  Progress& m_progress;
  RunnerOptions m_options;
  CopiedTrees m_copies;
};

}  // namespace jcb::build
