// SPDX-License-Identifier: Apache-2.0
#include "sandbox/chroot_tier.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "jcbuild/error.h"
#include "sandbox/id_map.h"
#include "util/file.h"

namespace jcb::sandbox {
namespace {

struct Capability {
  unsigned number;
  const char* name;
};

// What making files of any owner, devices and a chroot takes; all are in docker's default set.
constexpr Capability k_needed[] = {{CAP_CHOWN, "CHOWN"},   {CAP_DAC_OVERRIDE, "DAC_OVERRIDE"},
                                   {CAP_FOWNER, "FOWNER"}, {CAP_FSETID, "FSETID"},
                                   {CAP_KILL, "KILL"},     {CAP_SETGID, "SETGID"},
                                   {CAP_SETUID, "SETUID"}, {CAP_SYS_CHROOT, "SYS_CHROOT"},
                                   {CAP_MKNOD, "MKNOD"},   {CAP_SETFCAP, "SETFCAP"}};

bool has_capability(unsigned number) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return false;
  return (data[number / 32].effective >> number % 32 & 1) != 0;
}

std::vector<IdRange> read_map(const char* path) { return parse_id_map(util::read_file(path, 1 << 16)); }

}  // namespace

std::vector<Missing> find_missing_for_chroot() {
  if (::geteuid() != 0) return {{"the isolation 'chroot' is for root only", "run jcbuild as root in the container"}};
  std::vector<Missing> missing;
  for (const auto& capability : k_needed) {
    if (!has_capability(capability.number))
      missing.push_back(
          {std::string("the capability ") + capability.name + " is missing", std::string("docker: --cap-add ") + capability.name});
  }
  if (::access("/proc/self/stat", R_OK) != 0) missing.push_back({"/proc is not mounted", "mount -t proc proc /proc"});
  return missing;
}

Isolation enter_chroot_tier() {
  const auto missing = find_missing_for_chroot();
  if (!missing.empty())
    throw Error(ErrorKind::unsupported, "cannot isolate build steps by chroot: " + missing.front().what, missing.front().fix);
  // A step shares our user and our processes: it may not look into our memory.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  return {Tier::chroot, read_map("/proc/self/uid_map"), read_map("/proc/self/gid_map"), ::getuid(), ::getgid()};
}

}  // namespace jcb::sandbox
