// SPDX-License-Identifier: Apache-2.0
// The system calls that the supervisor of a job answers, where a user has a single id: those that give files away or make
// devices or tell what files are, those that make files (of interest where their maker
// believes to be another than the job's user), and those that change or tell ids.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace jcb::sandbox {

/// What a trapped call is, whatever its number.
enum class Call {
  chown,
  lchown,
  fchown,
  fchownat,
  mknod,
  mknodat,
  setuid,
  setgid,
  setreuid,
  setregid,
  setresuid,
  setresgid,
  setfsuid,
  setfsgid,
  setgroups,
  getuid,
  geteuid,
  getgid,
  getegid,
  getresuid,
  getresgid,
  getgroups,
  stat,
  lstat,
  fstat,
  newfstatat,
  statx,
  open,
  openat,
  creat,
  mkdir,
  mkdirat,
  symlink,
  symlinkat,
};

/// A call under one of its names: of a 32-bit architecture the plain name has ids of 16 bits, the one with "32" does not.
struct TrappedName {
  const char* name = nullptr;
  Call call = Call::chown;
  bool widened = false;  ///< a name with "32"
};

/// All names.
std::span<const TrappedName> trapped_names();

/// A call as it is met.
struct TrappedCall {
  Call call = Call::chown;
  bool short_ids = false;  ///< of 16 bits: 0xffff means -1
  bool native = true;      ///< of the architecture that we are of: with our struct stat
};

/// The call with a number of an architecture (AUDIT_ARCH_*), or nothing for one that is not trapped.
std::optional<TrappedCall> find_trapped_call(std::uint32_t architecture, int number);

}  // namespace jcb::sandbox
