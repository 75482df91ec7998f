// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/whiteout.h"

#include "jcbuild/error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace jcb::oci {
namespace {

constexpr unsigned k_other_minor = 27491;

}  // namespace

bool is_whiteout_number(std::uint64_t major, std::uint64_t minor) noexcept { return major == 0 && (minor == 0 || minor == k_other_minor); }

bool is_whiteout_device(const struct stat& status) noexcept {
  return S_ISCHR(status.st_mode) && is_whiteout_number(major(status.st_rdev), minor(status.st_rdev));
}

bool is_whiteout_device(int directory_fd, const util::DirEntry& entry, std::string_view directory_name) {
  if (entry.type != S_IFCHR && entry.type != 0) return false;
  struct stat status {};
  if (::fstatat(directory_fd, entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    throw_errno("stat", std::string(directory_name) + entry.name);
  return is_whiteout_device(status);
}

void make_whiteout_device(int directory_fd, const std::string& name, std::string_view thing) {
  if (::mknodat(directory_fd, name.c_str(), S_IFCHR, makedev(0, 0)) == 0) return;
  if (errno != EPERM || ::mknodat(directory_fd, name.c_str(), S_IFCHR, makedev(0, k_other_minor)) != 0)
    throw_errno("make the whiteout of", thing);
}

}  // namespace jcb::oci
