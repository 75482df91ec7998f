// SPDX-License-Identifier: Apache-2.0
// A bundle directory with a root file system of one static busybox, and a way to run it in a process of its own, as
// jcbuild would be: so that tests can signal it, kill it, and look at what it printed.
#pragma once

#include "oci/image_config.h"
#include "runtime/container.h"
#include "util/file.h"

#include <sys/types.h>

#include <optional>
#include <string>

namespace jcb::tests {

/// Enters the isolation that containers need, once; false (with a WARN that says why) when runc, busybox or the
/// isolation is missing here.
bool can_run_containers();

/// Files for one container.
class BundleFixture {
 public:
  BundleFixture();

  util::Root root() const { return util::Root::open(rootfs()); }
  std::filesystem::path rootfs() const { return m_directory.path() / "rootfs"; }
  const std::filesystem::path& path() const { return m_directory.path(); }
  /// A directory beside the bundle that no container may reach unasked.
  const std::filesystem::path& outside() const { return m_outside.path(); }

  /// Writes config.json for the options.
  void configure();
  /// Options that run `sh -c SCRIPT`.
  void use_script(const std::string& script);

  oci::ImageConfig image;
  runtime::ContainerOptions options;

 private:
  util::TempDir m_directory;
  util::TempDir m_outside;
};

/// What a run printed (both streams) and how it ended.
struct Finished {
  int code = -1;
  std::string output;
  std::string failure;
};

/// A process that runs the bundle.
class RunningBundle {
 public:
  /// Starts it with `in`, or nothing, as standard input; with `terminal` all three streams are that descriptor.
  explicit RunningBundle(BundleFixture& bundle, int in = -1, int terminal = -1);
  ~RunningBundle();
  RunningBundle(const RunningBundle&) = delete;
  RunningBundle& operator=(const RunningBundle&) = delete;

  pid_t pid() const { return m_pid; }
  /// Waits until the output holds `text`; false when it ends or 20 s pass before.
  bool wait_for(const std::string& text);
  /// Reads to the end and waits.
  Finished finish();

 private:
  bool read_some(int timeout_ms);
  BundleFixture& m_bundle;
  pid_t m_pid = -1;
  util::Fd m_output;
  std::string m_text;
};

/// Runs the script in a container to its end.
Finished run_script(BundleFixture& bundle, const std::string& script, int in = -1);

}  // namespace jcb::tests
