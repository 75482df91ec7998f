// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/container.h"
#include "util/json_fwd.h"

#include <string>
#include <string_view>
#include <vector>

namespace jcb::runtime {

/// A mount of the runtime-spec (config.md, "Mounts").
util::Json make_mount(std::string destination, std::string type, std::string source, std::vector<std::string> options);

/// The kernel's file systems in docker's order: proc, dev, pts, sys, cgroup, mqueue, shm.
util::Json make_kernel_mounts(const ContainerOptions& options, bool in_user_namespace);

/// A bind mount of a file or directory of the host. In a user namespace it repeats the flags that are locked on the
/// source (nosuid, nodev, noexec): the kernel refuses to make it read-only while dropping them.
util::Json make_bind(const std::filesystem::path& source, std::string target, bool read_only, bool in_user_namespace);

}  // namespace jcb::runtime
