// SPDX-License-Identifier: Apache-2.0
// Facts about this machine that decide how a container is set up.
#pragma once

#include <cstdint>
#include <string>

namespace jcb::runtime {

/// How control groups are mounted here: only v2, v1 with v2 beside it, only v1, or not at all.
enum class CgroupLayout { unified, hybrid, legacy, none };

/// Looks at /sys/fs/cgroup.
CgroupLayout find_cgroup_layout();
/// Whether the kernel has cgroup namespaces.
bool has_cgroup_namespace();
/// Whether this process lives in a user namespace other than the machine's first.
bool is_in_user_namespace();
/// Whether a uid or gid of this process's user namespace has a counterpart outside. Without one the kernel refuses it.
bool is_uid_mapped(std::uint32_t uid);
bool is_gid_mapped(std::uint32_t gid);
/// The machine's host name.
std::string host_name();

}  // namespace jcb::runtime
