// SPDX-License-Identifier: Apache-2.0
#include "sandbox/trapped_calls.h"

#include <seccomp.h>

#include <map>
#include <utility>

namespace jcb::sandbox {
namespace {

constexpr TrappedName k_names[] = {
    {"chown", Call::chown},
    {"chown32", Call::chown, true},
    {"lchown", Call::lchown},
    {"lchown32", Call::lchown, true},
    {"fchown", Call::fchown},
    {"fchown32", Call::fchown, true},
    {"fchownat", Call::fchownat, true},
    {"mknod", Call::mknod},
    {"mknodat", Call::mknodat},
    {"setuid", Call::setuid},
    {"setuid32", Call::setuid, true},
    {"setgid", Call::setgid},
    {"setgid32", Call::setgid, true},
    {"setreuid", Call::setreuid},
    {"setreuid32", Call::setreuid, true},
    {"setregid", Call::setregid},
    {"setregid32", Call::setregid, true},
    {"setresuid", Call::setresuid},
    {"setresuid32", Call::setresuid, true},
    {"setresgid", Call::setresgid},
    {"setresgid32", Call::setresgid, true},
    {"setfsuid", Call::setfsuid},
    {"setfsuid32", Call::setfsuid, true},
    {"setfsgid", Call::setfsgid},
    {"setfsgid32", Call::setfsgid, true},
    {"setgroups", Call::setgroups},
    {"setgroups32", Call::setgroups, true},
    {"getuid", Call::getuid},
    {"getuid32", Call::getuid, true},
    {"geteuid", Call::geteuid},
    {"geteuid32", Call::geteuid, true},
    {"getgid", Call::getgid},
    {"getgid32", Call::getgid, true},
    {"getegid", Call::getegid},
    {"getegid32", Call::getegid, true},
    {"getresuid", Call::getresuid},
    {"getresuid32", Call::getresuid, true},
    {"getresgid", Call::getresgid},
    {"getresgid32", Call::getresgid, true},
    {"getgroups", Call::getgroups},
    {"getgroups32", Call::getgroups, true},
    {"stat", Call::stat},
    {"lstat", Call::lstat},
    {"fstat", Call::fstat},
    {"newfstatat", Call::newfstatat},
    {"statx", Call::statx},
    {"open", Call::open},
    {"openat", Call::openat},
    {"creat", Call::creat},
    {"mkdir", Call::mkdir},
    {"mkdirat", Call::mkdirat},
    {"symlink", Call::symlink},
    {"symlinkat", Call::symlinkat},
};

bool has_short_ids(std::uint32_t architecture) { return architecture == SCMP_ARCH_X86 || architecture == SCMP_ARCH_ARM; }

constexpr std::uint32_t k_architectures[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM};

using Numbers = std::map<std::pair<std::uint32_t, int>, TrappedCall>;

Numbers make_numbers() {
  Numbers numbers;
  for (const std::uint32_t architecture : k_architectures) {
    for (const auto& name : k_names) {
      const int number = seccomp_syscall_resolve_name_arch(architecture, name.name);
      // Notifications of x32 programs carry the architecture x86_64 and a number with a bit of its own. Negative: not there.
      const std::uint32_t shown = architecture == SCMP_ARCH_X32 ? std::uint32_t{SCMP_ARCH_X86_64} : architecture;
      if (number >= 0)
        numbers.emplace(std::pair{shown, number},
                        TrappedCall{name.call, has_short_ids(architecture) && !name.widened, architecture == seccomp_arch_native()});
    }
  }
  return numbers;
}

}  // namespace

std::span<const TrappedName> trapped_names() { return k_names; }

std::optional<TrappedCall> find_trapped_call(std::uint32_t architecture, int number) {
  static const Numbers numbers = make_numbers();
  const auto found = numbers.find({architecture, number});
  if (found == numbers.end()) return std::nullopt;
  return found->second;
}

}  // namespace jcb::sandbox
