// SPDX-License-Identifier: Apache-2.0
#include "runtime/host.h"

#include "jcbuild/error.h"
#include "util/file.h"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <sstream>

namespace jcb::runtime {
namespace {

bool is_file_system(const char* path, long magic) {
  struct statfs status {};
  return ::statfs(path, &status) == 0 && static_cast<long>(status.f_type) == magic;
}

// user_namespaces(7): each line is "first-inside first-outside count".
bool is_mapped(const char* map_file, std::uint32_t id) {
  std::istringstream map(util::read_file(map_file, 1 << 16));
  for (std::uint64_t inside = 0, outside = 0, count = 0; map >> inside >> outside >> count;) {
    if (id >= inside && id - inside < count) return true;
  }
  return false;
}

}  // namespace

CgroupLayout find_cgroup_layout() {
  if (is_file_system("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC)) return CgroupLayout::unified;
  if (is_file_system("/sys/fs/cgroup/unified", CGROUP2_SUPER_MAGIC)) return CgroupLayout::hybrid;
  // v1 puts one directory for each controller on a tmpfs; without any, /sys/fs/cgroup is sysfs itself or missing.
  return is_file_system("/sys/fs/cgroup", TMPFS_MAGIC) ? CgroupLayout::legacy : CgroupLayout::none;
}

bool has_cgroup_namespace() { return ::access("/proc/self/ns/cgroup", F_OK) == 0; }

bool is_in_user_namespace() {
  std::istringstream map(util::read_file("/proc/self/uid_map", 1 << 16));
  std::uint64_t inside = 1, outside = 1, count = 0;
  map >> inside >> outside >> count;
  return inside != 0 || outside != 0 || count != 0xffffffffU;
}

bool is_uid_mapped(std::uint32_t uid) { return is_mapped("/proc/self/uid_map", uid); }
bool is_gid_mapped(std::uint32_t gid) { return is_mapped("/proc/self/gid_map", gid); }

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) throw_errno("read", "the host name");
  return name.data();
}

}  // namespace jcb::runtime
