// SPDX-License-Identifier: Apache-2.0
// One user and mount namespace for the whole invocation, entered once, in place.
//   root     geteuid() 0 with CAP_SYS_ADMIN: unshare(CLONE_NEWNS)
//   userns   anybody with a subuid range: unshare(CLONE_NEWUSER | CLONE_NEWNS); a helper process that stayed outside
//            runs newuidmap and newgidmap on us: 0 -> our uid, 1.. -> the subordinate range
//   chroot   root in a container that may neither mount nor make namespaces: nothing is entered
// Afterwards the first two are the same to every caller: uid 0, all mounts private, overlay mounts possible. In the last
// one there are no mounts: whoever needs one asks can_mount() first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace jcb::sandbox {

/// How this process came to its privileges (docs/design, tiers T0 and T1 of the runtime reference).
enum class Tier { root, userns, chroot };

/// One line of /proc/self/uid_map: `count` ids from `inside` on are `outside` on in the parent namespace.
struct IdRange {
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  std::uint32_t count = 0;
  bool operator==(const IdRange&) const = default;
};

/// The isolation that was entered.
struct Isolation {
  Tier tier = Tier::root;
  std::vector<IdRange> uids;
  std::vector<IdRange> gids;
  /// uid of the user who called us, in the parent namespace.
  std::uint32_t caller_uid = 0;
  std::uint32_t caller_gid = 0;
};

/// Enters the namespaces, once per process; later calls return the same. Must be called while the process has a single
/// thread. Throws Error(unsupported) naming the missing piece and its exact fix: newuidmap/newgidmap ("apt install
/// uidmap"), a subuid or subgid range ("usermod --add-subuids 100000-165535 USER"), user namespaces switched off by
/// sysctl, AppArmor or seccomp.
const Isolation& enter_isolation();

/// Enters tier chroot, whatever else could be had. As enter_isolation otherwise.
const Isolation& enter_chroot_isolation();

/// Whether one of them has been called in this process.
bool is_isolated() noexcept;

/// Whether the isolation that was entered can mount.
bool can_mount() noexcept;

/// Whether tier chroot would work here.
bool chroot_is_possible();

/// What enter_isolation would need, checked without entering: one line for each missing piece, with its fix. Empty: ready.
struct Missing {
  std::string what;
  std::string fix;
};
std::vector<Missing> find_missing_pieces();

}  // namespace jcb::sandbox
