// SPDX-License-Identifier: Apache-2.0
#include "build/copy_target.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "build/copy.h"
#include "jcbuild/error.h"
#include "oci/layer/xattr.h"
#include "util/file.h"
#include "util/text.h"

namespace jcb::build {
namespace {

std::array<timespec, 2> times_of(const struct stat& source) { return {source.st_mtim, source.st_mtim}; }

std::string shown(const std::string& path) { return "/" + util::escape_text(path); }

void copy_range(int from, int to, std::uint64_t size_bytes, const std::string& thing) {
  std::vector<char> buffer(std::size_t{1} << 17);
  while (size_bytes > 0) {
    const std::size_t got = util::read_full(from, buffer.data(), std::min<std::uint64_t>(buffer.size(), size_bytes), thing);
    if (got == 0) return;  // it has been cut: seen when its size is compared
    util::write_all(to, {buffer.data(), got}, thing);
    size_bytes -= got;
  }
}

}  // namespace

CopyOwner CopyMetadata::owner_of(const struct stat& source) const noexcept {
  if (m_owner) return *m_owner;
  return m_context.options().keep_owners ? CopyOwner{source.st_uid, source.st_gid} : CopyOwner{};
}

std::uint32_t CopyMetadata::mode_of(const struct stat& source) const noexcept {
  const std::uint32_t mode = m_context.image_mode(source.st_mode);
  return m_mode ? m_mode->apply((source.st_mode & S_IFMT) | mode) : mode;
}

bool CopyMetadata::make_directories(const util::Root& merged, const std::string& path) const {
  const auto existing = merged.find_stat(path.empty() ? "." : path, util::Follow::yes);
  if (existing && S_ISDIR(existing->st_mode)) return false;
  const auto number = m_mode ? m_mode->absolute() : std::nullopt;
  make_owned_directories(merged, path, owner().uid, owner().gid, number.value_or(0755) & 0777U, m_records);
  return true;
}

// chown(2) clears set-id bits and capabilities: owner first, then xattrs, then the mode, and the time last.
void CopyMetadata::apply(int fd, int from, const struct stat& source, const std::string& path) const {
  const auto owner = owner_of(source);
  util::change_owner(fd, "", {owner.uid, owner.gid}, m_records, shown(path));
  if (m_context.keeps_xattrs()) copy_xattrs(fd, from, path);
  apply_mode(fd, source, path);
  apply_times(fd, source, path);
}

void CopyMetadata::apply_mode(int fd, const struct stat& source, const std::string& path) const {
  if (::fchmod(fd, mode_of(source)) != 0) throw_errno("set the mode of", shown(path));
}

void CopyMetadata::copy_xattrs(int fd, int from, const std::string& path) const {
  for (const auto& [name, value] : oci::read_layer_xattrs(from, oci::OverlayXattr::user, path).xattrs) {
    if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) == 0 || errno == ENOTSUP) continue;
    throw_errno("set xattr " + util::escape_text(name) + " of", shown(path));
  }
}

void CopyMetadata::apply_times(int fd, const struct stat& source, const std::string& path) const {
  if (!m_context.keeps_times()) return;
  if (::futimens(fd, times_of(source).data()) != 0) throw_errno("set the time of", shown(path));
}

void CopyMetadata::apply_to_link(int directory, const std::string& name, const struct stat& source, const std::string& path) const {
  const auto owner = owner_of(source);
  util::change_owner(directory, name, {owner.uid, owner.gid}, m_records, shown(path));
  if (!m_context.keeps_times()) return;
  if (::utimensat(directory, name.c_str(), times_of(source).data(), AT_SYMLINK_NOFOLLOW) != 0) throw_errno("set the time of", shown(path));
}

void CopyMetadata::apply_to_node(const util::Root& directory, const std::string& name, const struct stat& source,
                                 const std::string& path) const {
  const util::Fd node = directory.open_at(name, O_PATH | O_NOFOLLOW);
  const auto owner = owner_of(source);
  util::change_owner(node.get(), "", {owner.uid, owner.gid}, m_records, shown(path));
  if (::chmod(node.proc_path().c_str(), mode_of(source)) != 0) throw_errno("set the mode of", shown(path));
  if (!m_context.keeps_times()) return;
  if (::utimensat(AT_FDCWD, node.proc_path().c_str(), times_of(source).data(), 0) != 0) throw_errno("set the time of", shown(path));
}

void clear_for_file(const util::Root& directory, const std::string& name, const std::string& path) {
  if (::unlinkat(directory.fd(), name.c_str(), 0) == 0 || errno == ENOENT) return;
  const auto existing = directory.find_stat(name);
  if (existing && S_ISDIR(existing->st_mode))
    throw Error(ErrorKind::refused, "cannot copy a file over the directory " + shown(path),
                "remove the directory first, or name another destination");
  throw_errno("remove", shown(path));
}

util::Root open_or_make_directory(const util::Root& directory, const std::string& name, const std::string& path) {
  if (::mkdirat(directory.fd(), name.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("make directory", shown(path));
  util::Fd fd(::openat(directory.fd(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (fd) return util::Root(std::move(fd));
  if (errno != ENOTDIR && errno != ELOOP) throw_errno("open directory", shown(path));
  const auto existing = directory.find_stat(name);
  const bool link = existing && S_ISLNK(existing->st_mode);
  throw Error(ErrorKind::refused, "cannot copy a directory over the " + std::string(link ? "link " : "file ") + shown(path),
              link ? "copy what it holds to where the link leads" : "");
}

util::Fd make_file(const util::Root& directory, const std::string& name, const std::string& path) {
  util::Fd fd(::openat(directory.fd(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) throw_errno("create", shown(path));
  return fd;
}

void copy_content(int from, int to, const std::string& path) {
  struct stat status {};
  if (::fstat(from, &status) != 0) throw_errno("stat", shown(path));
  if (status.st_blocks * 512 >= status.st_size) {
    util::copy_bytes(from, to, shown(path));
    return;
  }
  for (off_t at = 0; (at = ::lseek(from, at, SEEK_DATA)) >= 0 && at < status.st_size;) {
    const off_t end = ::lseek(from, at, SEEK_HOLE);
    if (end < 0 || ::lseek(from, at, SEEK_SET) < 0 || ::lseek(to, at, SEEK_SET) < 0) throw_errno("read", shown(path));
    copy_range(from, to, static_cast<std::uint64_t>(end - at), shown(path));
    at = end;
  }
  if (::ftruncate(to, status.st_size) != 0) throw_errno("write", shown(path));
}

void make_node(const util::Root& directory, const std::string& name, const struct stat& source, const std::string& path) {
  const mode_t type = S_ISSOCK(source.st_mode) ? mode_t{S_IFREG} : source.st_mode & S_IFMT;
  if (::mknodat(directory.fd(), name.c_str(), type | 0600U, source.st_rdev) == 0) return;
  if (errno != EPERM) throw_errno("make device", shown(path));
  throw Error(ErrorKind::unsupported, "cannot make the device " + shown(path) + ": that takes root on this machine");
}

bool has_same_content(const struct stat& before, const struct stat& after) noexcept {
  return before.st_size == after.st_size && before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
         before.st_mtim.tv_nsec == after.st_mtim.tv_nsec;
}

void make_owned_directories(const util::Root& merged, const std::string& path, std::uint32_t uid, std::uint32_t gid, std::uint32_t mode,
                            util::OwnerRecords* records) {
  std::string done;
  for (const auto& part : util::split(resolve_in_root(merged, path), '/')) {
    if (part.empty()) continue;
    done += (done.empty() ? "" : "/") + part;
    const auto existing = merged.find_stat(done);
    if (existing && S_ISDIR(existing->st_mode)) continue;
    if (existing) throw Error(ErrorKind::refused, shown(done) + " is no directory");
    const util::Fd made = merged.make_dirs(done, 0755);
    util::change_owner(made.get(), "", {uid, gid}, records, shown(done));
    if (::fchmod(made.get(), mode) != 0) throw_errno("make directory", shown(done));
  }
}

}  // namespace jcb::build
