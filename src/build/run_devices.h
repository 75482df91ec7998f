// SPDX-License-Identifier: Apache-2.0
// What the devices of one RUN change in its job, and nothing of it in its layer:
//   device nodes   binds of this machine's nodes, with the permissions that they have here
//   mounts         binds (read-only when they say `ro`), or memory
//   variables      for this RUN only
//   links          binds of what the links lead to. A real link would have to lie in the image's own tree; a bind of the
//                  same file under a second name is the same file to the dynamic linker
//   libraries      their directories go to the end of LD_LIBRARY_PATH: the image's ld.so.cache, if it has one, stays as it is
//   groups         Job::device_groups
// Hooks are not run (cdi/hooks.h); a device with one that nobody here understands is refused.
#pragma once

#include <string>
#include <vector>

#include "cdi/host_node.h"
#include "cdi/spec.h"
#include "sandbox/sandbox.h"

namespace jcb::build {

class RunDevices {
 public:
  RunDevices() = default;
  /// `edits` are those of all devices in order. Throws Error(not_found) for a node or path that this machine lacks,
  /// Error(refused) for a foreign hook, Error(unsupported) for what no build step can have.
  explicit RunDevices(const cdi::ContainerEdits& edits);

  /// Where it will mount, for sandbox::make_skeleton.
  std::vector<sandbox::MountPoint> points() const;
  /// Adds everything to the job; variables replace those that it has.
  void add_to(sandbox::Job& job) const;

 private:
  void add_node(const cdi::DeviceNode& node);
  void add_mount(const cdi::Mount& mount);
  void add_bind(sandbox::Bind bind, bool directory);

  struct Shown {
    sandbox::Bind bind;
    bool directory = false;
  };
  bool m_given = false;
  std::vector<Shown> m_binds;
  std::vector<sandbox::Tmpfs> m_tmpfs;
  std::vector<std::string> m_variables;
  std::vector<std::string> m_library_directories;
  std::vector<std::uint32_t> m_groups;
};

}  // namespace jcb::build
