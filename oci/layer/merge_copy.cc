// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/merge_copy.h"

#include "jcbuild/error.h"
#include "oci/layer/xattr.h"
#include "util/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

namespace jcb::oci {
namespace {

// What merged directories carry on: all that layers have, the record of owners, and ACLs that steps may have set.
bool is_merged_xattr(std::string_view name) {
  return is_layer_xattr(name) || name == k_xattr_owner || name.starts_with("system.posix_acl_");
}

void copy_file(int from, int to, const std::string& name, std::string_view thing) {
  const util::Fd source(::openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!source) throw_errno("open", thing);
  const util::Fd copy(::openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!copy) throw_errno("create", thing);
  util::copy_bytes(source.get(), copy.get(), thing);
  copy_metadata(source.get(), copy.get(), thing);
}

void copy_symbolic_link(int from, int to, const std::string& name, const struct stat& status, std::string_view thing) {
  std::array<char, 4097> target{};
  if (::readlinkat(from, name.c_str(), target.data(), target.size() - 1) < 0) throw_errno("read link", thing);
  if (::symlinkat(target.data(), to, name.c_str()) != 0) throw_errno("create", thing);
  if (::fchownat(to, name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) != 0) throw_errno("set the owner of", thing);
  const std::array<timespec, 2> times{status.st_atim, status.st_mtim};
  if (::utimensat(to, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) throw_errno("set the times of", thing);
}

}  // namespace

void link_or_copy(int from, int to, const std::string& name, std::string_view thing) {
  if (::linkat(from, name.c_str(), to, name.c_str(), 0) == 0) return;
  const int error = errno;
  // EMLINK: the file has all the names it can have; EPERM: fs.protected_hardlinks; EXDEV: another file system.
  if (error != EMLINK && error != EPERM && error != EXDEV) throw_errno("link", thing, error);
  struct stat status {};
  if (::fstatat(from, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) throw_errno("stat", thing);
  if (S_ISREG(status.st_mode)) return copy_file(from, to, name, thing);
  if (S_ISLNK(status.st_mode)) return copy_symbolic_link(from, to, name, status, thing);
  throw_errno("link", thing, error);
}

void copy_metadata(int from, int to, std::string_view thing) {
  struct stat status {
  }, present{};
  if (::fstat(from, &status) != 0 || ::fstat(to, &present) != 0) throw_errno("stat", thing);
  const bool same_owner = status.st_uid == present.st_uid && status.st_gid == present.st_gid;
  if (!same_owner && ::fchown(to, status.st_uid, status.st_gid) != 0) throw_errno("set the owner of", thing);
  for (const auto& name : list_xattrs(from, thing)) {
    if (!is_merged_xattr(name)) continue;
    if (const auto value = find_xattr(from, name, thing)) set_xattr(to, name, *value, thing);
  }
  if (::fchmod(to, status.st_mode & 07777) != 0) throw_errno("set the mode of", thing);
  const std::array<timespec, 2> times{status.st_atim, status.st_mtim};
  if (::futimens(to, times.data()) != 0) throw_errno("set the times of", thing);
}

}  // namespace jcb::oci
