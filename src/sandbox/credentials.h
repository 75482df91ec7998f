// SPDX-License-Identifier: Apache-2.0
// The ids of a process as it believes them to be (credentials(7), setresuid(2) and its like), for a kernel that has only
// one id to give. Pure.
#pragma once

#include <cstdint>
#include <vector>

namespace jcb::sandbox {

/// The "leave it" of the calls that set ids.
inline constexpr std::uint32_t k_keep_id = UINT32_MAX;

/// User or group ids of one process.
struct IdSet {
  std::uint32_t real = 0;
  std::uint32_t effective = 0;
  std::uint32_t saved = 0;
  std::uint32_t file_system = 0;
  bool operator==(const IdSet&) const = default;

  static IdSet all(std::uint32_t id) { return {id, id, id, id}; }
  /// Whether `id` is one of the three.
  bool has(std::uint32_t id) const { return id == real || id == effective || id == saved; }

  // The calls, for a process that is `privileged` (CAP_SETUID or CAP_SETGID) or not. 0, or an errno value.
  int set(std::uint32_t id, bool privileged);
  int set_real_effective(std::uint32_t new_real, std::uint32_t new_effective, bool privileged);
  int set_all(std::uint32_t new_real, std::uint32_t new_effective, std::uint32_t new_saved, bool privileged);
  /// setfsuid(2): returns the old one, whatever happens.
  std::uint32_t set_file_system(std::uint32_t id, bool privileged);
};

/// All of a process.
struct Credentials {
  IdSet users;
  IdSet groups;
  std::vector<std::uint32_t> supplementary;
  bool was_root = false;  ///< in the beginning
  bool operator==(const Credentials&) const = default;

  /// Root's capabilities come and go with the effective id.
  bool is_privileged() const noexcept { return users.effective == 0; }
  /// Whether groups may be changed, to `target` among others (or k_keep_id). Of a process that was root it cannot be seen
  /// whether it kept its capabilities (PR_SET_KEEPCAPS); so it may go on to any group but back to root's.
  bool may_change_groups(std::uint32_t target) const noexcept { return is_privileged() || (was_root && target != 0); }
  /// Whether a file may be given to the group by its owner.
  bool is_member(std::uint32_t group) const;
  /// setgroups(2). 0, or an errno value.
  int set_supplementary(std::vector<std::uint32_t> new_groups);
  /// What execve(2) of a file with set-id bits makes of them.
  void execute(bool set_user, std::uint32_t file_user, bool set_group, std::uint32_t file_group);
};

}  // namespace jcb::sandbox
