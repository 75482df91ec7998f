// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/unpack_metadata.h"

#include "jcbuild/error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>

namespace jcb::oci {
namespace {

FileTime time_of(const TarEntry& entry) { return {entry.mtime_s, entry.mtime_ns}; }

void set_time_at(int directory, const char* name, const TarEntry& entry, std::string_view thing) {
  const timespec value{static_cast<time_t>(entry.mtime_s), static_cast<long>(entry.mtime_ns)};
  const std::array<timespec, 2> times{value, value};
  if (::utimensat(directory, name, times.data(), AT_SYMLINK_NOFOLLOW) != 0) throw_errno("set the times of", thing);
}

std::string owner_text(const TarEntry& entry) { return std::to_string(entry.uid) + ":" + std::to_string(entry.gid); }

}  // namespace

void check_owner(const TarEntry& entry, std::string_view thing) {
  if (entry.uid == UINT32_MAX || entry.gid == UINT32_MAX)
    throw Error(ErrorKind::invalid, std::string(thing) + ": the owner " + owner_text(entry) + " cannot exist");
}

UnpackMetadata::UnpackMetadata(Ownership ownership, util::OwnerRecords* records)
    : m_ownership(ownership), m_records(ownership == Ownership::apply ? records : nullptr), m_self{::geteuid(), ::getegid()} {}

// Root's are recorded only where something could be known already: of a directory that was given away before, or under
// the inode number of a file that is gone.
void UnpackMetadata::record_for_table(int fd, const char* name, const TarEntry& entry, std::string_view thing) const {
  const bool plain = entry.uid == 0 && entry.gid == 0 && entry.type != EntryType::character_device && entry.type != EntryType::block_device;
  if (plain && m_records->empty()) return;
  const util::Fd opened(*name == '\0' ? -1 : ::openat(fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (*name != '\0' && !opened) throw_errno("open", thing);
  const int file = *name == '\0' ? fd : opened.get();
  int error = m_records->set_owner(file, entry.uid, entry.gid);
  const bool block = entry.type == EntryType::block_device;
  if (error == 0 && (block || entry.type == EntryType::character_device))
    error = m_records->set_device(file, {block, entry.device_major, entry.device_minor});
  if (error != 0) throw_errno("record the owner of", thing, error);
}

// `name` "" means the descriptor itself.
void UnpackMetadata::set_owner(int fd, const char* name, const TarEntry& entry, std::string_view thing) const {
  if (m_ownership == Ownership::record) return;
  if (m_records != nullptr) return record_for_table(fd, name, entry, thing);
  if (::fchownat(fd, name, entry.uid, entry.gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) == 0) return;
  if (errno != EINVAL) throw_errno("set the owner " + owner_text(entry) + " of", thing);
  throw Error(ErrorKind::unsupported, std::string(thing) + ": the owner " + owner_text(entry) + " is not mapped in this user namespace",
              "give this user a larger range in /etc/subuid and /etc/subgid");
}

// Only a note for a later pack: a file system that cannot hold it does not make the file wrong.
void UnpackMetadata::record_owner(int fd, const TarEntry& entry, std::string_view thing) const {
  if (m_ownership == Ownership::apply) return;
  if (entry.uid == 0 && entry.gid == 0) {
    ::fremovexattr(fd, k_xattr_owner);
    return;
  }
  const std::string value = encode_owner({entry.uid, entry.gid});
  if (::fsetxattr(fd, k_xattr_owner, value.data(), value.size(), 0) == 0 || errno == ENOTSUP || errno == EPERM) return;
  throw_errno("record the owner of", thing);
}

void UnpackMetadata::set_xattrs(int fd, const TarEntry& entry, std::string_view thing) const {
  for (const auto& [name, value] : entry.xattrs) {
    if (!is_layer_xattr(name)) continue;
    const bool is_capability = name == k_xattr_capability;
    const std::string bytes = is_capability ? normalise_capability(value) : value;
    if (::fsetxattr(fd, name.c_str(), bytes.data(), bytes.size(), 0) == 0) continue;
    if (is_capability && errno == EPERM && m_ownership == Ownership::record) continue;
    if (is_capability && errno == EINVAL) throw Error(ErrorKind::invalid, std::string(thing) + ": malformed file capability");
    if (!is_capability && errno == ENOTSUP) continue;  // as every unpacker: the file system has no user xattrs
    throw_errno("set xattr " + name + " of", thing);
  }
}

void UnpackMetadata::apply_to_file(int fd, const TarEntry& entry, const ParentDirectory& parent, std::string_view thing) const {
  // A new file has our owner, or its directory's group (set-group-ID directories, mount option grpid).
  const bool ours = entry.uid == m_self.uid && entry.gid == m_self.gid && parent.gid == m_self.gid;
  if (!ours || m_records != nullptr) set_owner(fd, "", entry, thing);
  if (m_ownership == Ownership::record && (entry.uid != 0 || entry.gid != 0)) record_owner(fd, entry, thing);
  if (!entry.xattrs.empty()) set_xattrs(fd, entry, thing);
  if (::fchmod(fd, entry.mode & 07777) != 0) throw_errno("set the mode of", thing);
  set_file_time(fd, time_of(entry), thing);
}

void UnpackMetadata::apply_to_directory(int fd, const TarEntry& entry, std::string_view thing) const {
  set_owner(fd, "", entry, thing);
  record_owner(fd, entry, thing);
  set_xattrs(fd, entry, thing);
}

void UnpackMetadata::apply_to_link(int parent_fd, const std::string& name, const TarEntry& entry, std::string_view thing) const {
  set_owner(parent_fd, name.c_str(), entry, thing);
  set_time_at(parent_fd, name.c_str(), entry, thing);
}

void UnpackMetadata::apply_to_node(const util::Fd& node, const TarEntry& entry, std::string_view thing) const {
  set_owner(node.get(), "", entry, thing);
  const std::string path = node.proc_path();
  if (::chmod(path.c_str(), entry.mode & 07777) != 0) throw_errno("set the mode of", thing);
  const timespec value{static_cast<time_t>(entry.mtime_s), static_cast<long>(entry.mtime_ns)};
  const std::array<timespec, 2> times{value, value};
  if (::utimensat(AT_FDCWD, path.c_str(), times.data(), 0) != 0) throw_errno("set the times of", thing);
}

}  // namespace jcb::oci
