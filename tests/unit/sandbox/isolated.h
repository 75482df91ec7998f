// SPDX-License-Identifier: Apache-2.0
// Namespaces are entered once per process and in place, so every test that needs them runs its body in a child and
// gets back what the body found, as text.
#pragma once

#include "sandbox/isolation.h"
#include "sandbox/overlay.h"
#include "sandbox/sandbox.h"
#include "util/file.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// Runs `body` in a child that has entered the isolation; returns its result, or "error: ..." for what it threw.
std::string isolated(const std::function<std::string()>& body,
                     jcb::sandbox::IsolationChoice choice = jcb::sandbox::IsolationChoice::automatic);

/// Whether the isolation that is entered by itself has more ids than one; says so where not, for tests that need them.
bool has_many_ids();

/// The same after whatever `enter` does.
std::string in_child(const std::function<std::string()>& body, const std::function<void()>& enter);

/// A root file system of directories and links over the host's /usr, with an overlay on it: what a step writes is in
/// `upper`. To be made inside `isolated`.
struct TestRoot {
  jcb::util::TempDir top;
  std::unique_ptr<jcb::sandbox::OverlayMount> mount;

  explicit TestRoot(const std::filesystem::path& parent = "/tmp");
  /// Changes the lower tree before `open` mounts it.
  jcb::util::Root lower() const { return top.root().subroot("lower"); }
  /// Mounts, with the skeleton of `binds` below.
  void open(const std::vector<jcb::sandbox::Bind>& binds = {});
  /// A job for `sh -c script`.
  jcb::sandbox::Job job(const std::string& script) const;
  /// Runs it; what it printed, and "[N]" when its status is not 0.
  std::string run(const jcb::sandbox::Job& job) const;
  std::string run(const std::string& script) const { return run(job(script)); }
  /// Every path below the upper directory, one a line.
  std::string upper() const;
};
