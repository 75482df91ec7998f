// SPDX-License-Identifier: Apache-2.0
// One user and mount namespace for the whole invocation, entered once, in place.
//   root        geteuid() 0 with CAP_SYS_ADMIN: unshare(CLONE_NEWNS)
//   userns      anybody with a subuid range: unshare(CLONE_NEWUSER | CLONE_NEWNS); a helper process that stayed outside
//               runs newuidmap and newgidmap on us: 0 -> our uid, 1.. -> the subordinate range
//   single_uid  anybody else: the same, with the one map that needs nobody's help: 0 -> our uid. There are no other ids
//               then: who gives files away records it (util/owner_records.h), and jobs are supervised (supervisor.h)
//   chroot      root in a container that may neither mount nor make namespaces: nothing is entered
// Afterwards all but the last are the same to every other caller: uid 0, all mounts private, overlay mounts possible. In the
// last there are no mounts: whoever needs one asks can_mount() first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace jcb::sandbox {

/// How this process came to its privileges.
enum class Tier { root, userns, single_uid, chroot };

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

/// Which tier to enter. `automatic`: root where this process can administer, else userns where newuidmap can work for this
/// user, else single_uid; chroot where this process is root and nothing else can work.
enum class IsolationChoice { automatic, root, userns, single_uid, chroot };

/// Enters the namespaces, once per process; later calls return the same, whatever their choice. Must be called while the
/// process has a single thread. Throws Error(unsupported) naming the missing piece and its exact fix: newuidmap/newgidmap
/// ("apt install uidmap"), a subuid or subgid range ("usermod --add-subuids 100000-165535 USER"), user namespaces switched
/// off by sysctl, AppArmor or seccomp, a kernel without seccomp notifications.
const Isolation& enter_isolation(IsolationChoice choice = IsolationChoice::automatic);

/// Whether enter_isolation has been called in this process.
bool is_isolated() noexcept;

/// Whether Tier::single_uid was entered: nothing can be given to anybody, and nothing that a job is shown need be.
bool has_one_id() noexcept;
/// Whether the isolation that was entered can mount.
bool can_mount() noexcept;

/// Something that a tier would need, with its fix.
struct Missing {
  std::string what;
  std::string fix;
};

/// What enter_isolation would need for the tier that it would enter, checked without entering. Empty: ready.
std::vector<Missing> find_missing_pieces();

/// A tier, and what it lacks; nothing: it can be entered.
struct TierReport {
  Tier tier = Tier::root;
  std::vector<Missing> missing;
};

/// All tiers, the preferred first, each checked without entering it. To be called before enter_isolation.
std::vector<TierReport> probe_tiers();

/// "root", "userns", "single-uid" or "chroot".
const char* tier_name(Tier tier) noexcept;

}  // namespace jcb::sandbox
