// SPDX-License-Identifier: Apache-2.0
// Drives a plan: finds what is stored, runs the rest, and keeps every finished step at once, so that a failed or killed
// build goes on where it stopped.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "build/capture.h"
#include "build/context.h"
#include "build/stage.h"
#include "jcbuild/progress.h"
#include "oci/layer/layer.h"
#include "sandbox/sandbox.h"
#include "store/store.h"

namespace jcb::build {

/// A directory of the store shown to RUN under `target`; one process at a time uses it.
struct CacheMount {
  std::string id;
  std::string target;
};

struct RunnerOptions {
  sandbox::Network network = sandbox::Network::host;
  const CaptureRules* rules = nullptr;  ///< plain_rules() or package_rules()
  std::int64_t epoch = 0;
  oci::OverlayXattr overlay_xattr = oci::OverlayXattr::user;
  std::vector<CacheMount> cache_mounts;
  bool no_cache = false;
};

/// What a step left behind.
struct StepResult {
  std::optional<std::string> tree;  ///< below layers/; nothing: the step changed no file
  bool cached = false;
};

/// Runs steps and scratch commands on stacks of trees. Needs enter_isolation. One object serves one invocation.
class Runner {
 public:
  Runner(const store::Store& store, Progress& progress, RunnerOptions options);

  /// The results of all steps of a plan over its base, in order. Throws Error(failed) with the last output of the step
  /// that failed and the place of its full log.
  std::vector<StepResult> run(const Base& base, const Plan& plan, TaskId parent);

  /// Runs a command on a stack of trees (bottom first) whose changes are thrown away; for tests of packages.
  struct Trial {
    std::vector<std::string> argv;
    std::vector<std::string> environment;
    std::string working_directory = "/";
    std::string user;
    std::vector<sandbox::Bind> binds;
    std::string name;  ///< for messages and the log file
  };
  void try_command(const std::vector<std::string>& trees, const Trial& trial, TaskId parent);

  const RunnerOptions& options() const noexcept { return m_options; }

 private:
  class Mounted;
  StepResult run_step(const std::vector<std::string>& below, const Step& step, TaskId parent);
  std::vector<sandbox::Bind> cache_binds() const;
  void execute(Mounted& mounted, const Step& step, Task& task);
  void run_command(Mounted& mounted, const Trial& trial, Task& task, bool with_caches);

  const store::Store& m_store;
  Progress& m_progress;
  RunnerOptions m_options;
  store::Workspace m_workspace;
};

}  // namespace jcb::build
