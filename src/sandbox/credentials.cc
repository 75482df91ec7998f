// SPDX-License-Identifier: Apache-2.0
#include "sandbox/credentials.h"

#include <algorithm>
#include <cerrno>

namespace jcb::sandbox {

int IdSet::set(std::uint32_t id, bool privileged) {
  if (id == k_keep_id) return EINVAL;
  if (privileged) {
    *this = all(id);
    return 0;
  }
  if (id != real && id != saved) return EPERM;
  effective = file_system = id;
  return 0;
}

int IdSet::set_real_effective(std::uint32_t new_real, std::uint32_t new_effective, bool privileged) {
  if (!privileged && new_real != k_keep_id && new_real != real && new_real != effective) return EPERM;
  if (!privileged && new_effective != k_keep_id && !has(new_effective)) return EPERM;
  const std::uint32_t old_real = real;
  if (new_real != k_keep_id) real = new_real;
  if (new_effective != k_keep_id) effective = new_effective;
  if (new_real != k_keep_id || (new_effective != k_keep_id && new_effective != old_real)) saved = effective;
  file_system = effective;
  return 0;
}

int IdSet::set_all(std::uint32_t new_real, std::uint32_t new_effective, std::uint32_t new_saved, bool privileged) {
  for (const auto id : {new_real, new_effective, new_saved}) {
    if (!privileged && id != k_keep_id && !has(id)) return EPERM;
  }
  if (new_real != k_keep_id) real = new_real;
  if (new_effective != k_keep_id) effective = new_effective;
  if (new_saved != k_keep_id) saved = new_saved;
  file_system = effective;
  return 0;
}

std::uint32_t IdSet::set_file_system(std::uint32_t id, bool privileged) {
  const std::uint32_t old = file_system;
  if (id != k_keep_id && (privileged || has(id) || id == file_system)) file_system = id;
  return old;
}

bool Credentials::is_member(std::uint32_t group) const {
  return group == groups.file_system || std::find(supplementary.begin(), supplementary.end(), group) != supplementary.end();
}

int Credentials::set_supplementary(std::vector<std::uint32_t> new_groups) {
  if (!may_change_groups(k_keep_id)) return EPERM;
  supplementary = std::move(new_groups);
  return 0;
}

void Credentials::execute(bool set_user, std::uint32_t file_user, bool set_group, std::uint32_t file_group) {
  if (set_user) users.effective = file_user;
  if (set_group) groups.effective = file_group;
  users.saved = users.file_system = users.effective;
  groups.saved = groups.file_system = groups.effective;
}

}  // namespace jcb::sandbox
