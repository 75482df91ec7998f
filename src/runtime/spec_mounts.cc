// SPDX-License-Identifier: Apache-2.0
#include "runtime/spec_mounts.h"

#include "jcbuild/error.h"
#include "runtime/host.h"
#include "util/json.h"

#include <sys/statvfs.h>

namespace jcb::runtime {
namespace {

using util::Json;

constexpr std::uint32_t k_tty_group = 5;

Json make_devpts() {
  std::vector<std::string> options{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"};
  // A gid that the user namespace lacks makes the whole mount fail.
  if (is_gid_mapped(k_tty_group)) options.push_back("gid=" + std::to_string(k_tty_group));
  return make_mount("/dev/pts", "devpts", "devpts", std::move(options));
}

Json make_sys(bool bound) {
  std::vector<std::string> options{"nosuid", "noexec", "nodev", "ro"};
  if (!bound) return make_mount("/sys", "sysfs", "sysfs", std::move(options));
  options.insert(options.begin(), "rbind");
  return make_mount("/sys", "bind", "/sys", std::move(options));
}

// The container sees its own control group, never writable (CVE-2022-0492, CVE-2023-25809).
void add_cgroup(Json& mounts, bool in_user_namespace) {
  const CgroupLayout layout = find_cgroup_layout();
  if (layout == CgroupLayout::none) return;
  if (!in_user_namespace || layout == CgroupLayout::unified) {
    mounts.push_back(make_mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}));
    return;
  }
  // v1 hierarchies below a bound /sys keep the host's flags, "ro" reaches only the top: cover them.
  mounts.push_back(make_mount("/sys/fs/cgroup", "tmpfs", "tmpfs", {"nosuid", "noexec", "nodev", "ro", "mode=755", "size=4k"}));
}

}  // namespace

Json make_mount(std::string destination, std::string type, std::string source, std::vector<std::string> options) {
  Json mount;
  mount["destination"] = std::move(destination);
  mount["type"] = std::move(type);
  mount["source"] = std::move(source);
  mount["options"] = std::move(options);
  return mount;
}

Json make_kernel_mounts(const ContainerOptions& options, bool in_user_namespace) {
  Json mounts = Json::array();
  mounts.push_back(make_mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}));
  mounts.push_back(make_mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}));
  mounts.push_back(make_devpts());
  // A new sysfs shows a network namespace and belongs to its owner: with the host's, only the host's root may mount one.
  mounts.push_back(make_sys(in_user_namespace && !options.no_network));
  add_cgroup(mounts, in_user_namespace);
  mounts.push_back(make_mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}));
  mounts.push_back(
      make_mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=" + std::to_string(options.shm_bytes)}));
  return mounts;
}

Json make_bind(const std::filesystem::path& source, std::string target, bool read_only, bool in_user_namespace) {
  std::vector<std::string> options{"rbind", "rprivate", read_only ? "ro" : "rw"};
  struct statvfs status {};
  if (in_user_namespace && ::statvfs(source.c_str(), &status) != 0) throw_errno("stat the file system of", source.native());
  if ((status.f_flag & ST_NOSUID) != 0) options.emplace_back("nosuid");
  if ((status.f_flag & ST_NODEV) != 0) options.emplace_back("nodev");
  if ((status.f_flag & ST_NOEXEC) != 0) options.emplace_back("noexec");
  return make_mount(std::move(target), "bind", source.native(), std::move(options));
}

}  // namespace jcb::runtime
