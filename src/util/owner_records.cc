// SPDX-License-Identifier: Apache-2.0
#include "util/owner_records.h"

#include "jcbuild/error.h"
#include "util/beneath.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <new>

namespace jcb::util {
namespace {

constexpr long k_overlay_magic = 0x794c7630;
constexpr unsigned k_mask = STATX_BASIC_STATS | STATX_BTIME;

// File systems stamp births with the tick of the clock. A file that is removed in the tick of its birth could leave its
// inode number to another of the same "birth"; who is younger than this is therefore held, so that the number stays taken.
constexpr std::int64_t k_young = 50'000'000;
constexpr std::size_t k_max_pins = 128;

bool read_status(int fd, const char* name, struct statx& status) noexcept {
  return ::statx(fd, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, k_mask, &status) == 0;
}

bool is_same_file(const struct statx& a, const struct statx& b) noexcept {
  return (a.stx_mode & S_IFMT) == (b.stx_mode & S_IFMT) && a.stx_btime.tv_sec == b.stx_btime.tv_sec &&
         a.stx_btime.tv_nsec == b.stx_btime.tv_nsec;
}

bool is_on_overlay(int fd) noexcept {
  struct statfs status {};
  return ::fstatfs(fd, &status) == 0 && status.f_type == k_overlay_magic;
}

std::int64_t now() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

OwnerEntry with_record(FileOwner owner, const OwnerRecord& record) {
  return {{record.uid.value_or(owner.uid), record.gid.value_or(owner.gid)}, record.device};
}

// Whether a file of the upper directory was copied up. overlayfs marks only what can have xattrs; of links and FIFOs it is
// supposed where the lower file has an owner of its own.
bool is_copy(const Fd& file, const struct statx& status, const OwnerEntry& below) {
  if (!S_ISREG(status.stx_mode) && !S_ISDIR(status.stx_mode)) return !below.is_plain();
  return ::getxattr(file.proc_path().c_str(), "user.overlay.origin", nullptr, 0) >= 0;
}

// Where the kernel says an open file is: the path from the root of its mount namespace. Nothing for what has no name.
std::optional<std::string> path_of(int fd) {
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  std::array<char, 4097> text;
  const ssize_t size = ::readlink(link.c_str(), text.data(), text.size());
  if (size <= 0 || static_cast<std::size_t>(size) == text.size() || text[0] != '/') return std::nullopt;
  return std::string(text.data(), static_cast<std::size_t>(size));
}

}  // namespace

OwnerRecords::OwnerRecords(Root tree) : m_tree(std::move(tree)), m_start(now()) {}

OwnerRecords::OwnerRecords(Root upper, const Root& mount_point)
    : m_tree(std::move(upper)), m_mount_point(path_of(mount_point.fd()).value_or("")), m_start(now()) {
  if (m_mount_point.empty()) throw Error(ErrorKind::system, "a mounted overlay has no path");
}

OwnerRecords::Key OwnerRecords::key_of(const struct statx& status) noexcept {
  return {status.stx_dev_major, status.stx_dev_minor, status.stx_ino, status.stx_btime.tv_sec, status.stx_btime.tv_nsec};
}

OwnerRecords::Birth OwnerRecords::birth_of(const struct statx& status) noexcept {
  return {status.stx_btime.tv_sec, status.stx_btime.tv_nsec};
}

// Relative, without leading slash. A file of our own mount namespace is named from its root, one of a job from the job's
// root, which is the mount point.
std::optional<std::string> OwnerRecords::find_path(int fd) const {
  auto path = path_of(fd);
  if (!path) return std::nullopt;
  if (path->starts_with(m_mount_point) && (path->size() == m_mount_point.size() || (*path)[m_mount_point.size()] == '/'))
    path->erase(0, m_mount_point.size());
  if (!path->empty()) path->erase(0, 1);
  return path;
}

std::optional<Fd> OwnerRecords::find_by_path(int fd, const struct statx& shown) const {
  if (shown.stx_nlink == 0) return std::nullopt;  // removed: nothing of it can reach a layer
  // A rename may come between; then the path leads nowhere or to another file. So does that of a lower file.
  for (int attempt = 0; attempt < 4; ++attempt) {
    const auto path = find_path(fd);
    if (!path) return std::nullopt;
    Fd file(open_beneath(m_tree.fd(), "./" + *path, O_PATH | O_NOFOLLOW, 0));
    struct statx status {};
    if (file && read_status(file.get(), "", status) && is_same_file(shown, status)) return file;
  }
  return std::nullopt;
}

std::optional<Fd> OwnerRecords::find_in_tree(int fd) const {
  struct statx shown {};
  if (!read_status(fd, "", shown)) return std::nullopt;
  if (!m_mount_point.empty() && is_on_overlay(fd)) return find_by_path(fd, shown);
  struct statx top {};
  if (!read_status(m_tree.fd(), "", top)) return std::nullopt;
  if (top.stx_dev_major != shown.stx_dev_major || top.stx_dev_minor != shown.stx_dev_minor) return std::nullopt;
  Fd file(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  return file ? std::optional(std::move(file)) : std::nullopt;
}

template <typename Change>
int OwnerRecords::record(int fd, const Change& change) {
  auto file = find_in_tree(fd);
  struct statx status {};
  if (!file || !read_status(file->get(), "", status)) return 0;
  const std::lock_guard guard(m_mutex);
  change(m_records[key_of(status)]);
  m_births.insert(birth_of(status));
  const std::int64_t birth = status.stx_btime.tv_sec * 1'000'000'000 + status.stx_btime.tv_nsec;
  if ((status.stx_mask & STATX_BTIME) == 0 || birth > now() - k_young) pin(std::move(*file));
  return 0;
}

void OwnerRecords::pin(Fd fd) {
  const std::int64_t time = now();
  while (!m_pins.empty() && (m_pins.size() >= k_max_pins || m_pins.front().first < time - k_young)) m_pins.pop_front();
  m_pins.emplace_back(time, std::move(fd));
}

int OwnerRecords::set_owner(int fd, std::uint32_t uid, std::uint32_t gid) noexcept {
  try {
    const uid_t own_uid = uid == k_keep_owner ? uid : ::geteuid();
    const gid_t own_gid = gid == k_keep_owner ? gid : ::getegid();
    if (::fchownat(fd, "", own_uid, own_gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0) return errno;
    return record(fd, [&](OwnerRecord& entry) {
      if (uid != k_keep_owner) entry.uid = uid;
      if (gid != k_keep_owner) entry.gid = gid, entry.gid_time = now();
    });
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
}

int OwnerRecords::set_device(int fd, DeviceNode device) noexcept {
  try {
    return record(fd, [&](OwnerRecord& entry) { entry.device = device; });
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
}

OwnerRecord OwnerRecords::find(const struct statx& status) const {
  const std::lock_guard guard(m_mutex);
  const auto found = m_records.find(key_of(status));
  return found == m_records.end() ? OwnerRecord{} : found->second;
}

bool OwnerRecords::empty() const {
  const std::lock_guard guard(m_mutex);
  return m_records.empty();
}

void OwnerRecords::set_beginning(OwnerTable below, FileOwner new_files) {
  m_below = std::move(below);
  m_new_files = new_files;
  const Root shown = m_mount_point.empty() ? m_tree.duplicate() : Root::open(m_mount_point);
  for (const auto& [path, entry] : m_below.entries()) {
    const auto file = shown.find_at(path, O_PATH | O_NOFOLLOW);
    struct statx status {};
    if (file && read_status(file->get(), "", status)) m_births.insert(birth_of(status));
  }
}

bool OwnerRecords::knows_nothing() const {
  const std::lock_guard guard(m_mutex);
  return m_records.empty() && m_below.empty() && m_new_files == FileOwner{};
}

// Of a file from before the job all depends on its birth; one of the job may be a copy of a lower one.
bool OwnerRecords::may_be_given_away(const struct statx& shown) const {
  const std::lock_guard guard(m_mutex);
  const bool no_birth = (shown.stx_mask & STATX_BTIME) == 0;
  if (no_birth || m_births.contains(birth_of(shown))) return true;
  const bool young = shown.stx_btime.tv_sec * 1'000'000'000 + shown.stx_btime.tv_nsec >= m_start;
  return young && (!m_below.empty() || m_new_files != FileOwner{});
}

OwnerEntry OwnerRecords::find_shown(int fd, const struct statx& shown) const {
  if (!may_be_given_away(shown)) return {};
  if (m_mount_point.empty()) return with_record({}, find(shown));
  const auto path = is_on_overlay(fd) ? find_path(fd) : std::nullopt;
  if (!path) return {};
  const OwnerEntry below = m_below.find(*path);
  const auto file = find_by_path(fd, shown);
  struct statx status {};
  if (!file || !read_status(file->get(), "", status)) return below;  // a lower file
  return with_record(is_copy(*file, status, below) ? below.owner : m_new_files, find(status));
}

void change_owner(int fd, const std::string& name, FileOwner owner, OwnerRecords* records, std::string_view thing) {
  if (records == nullptr) {
    if (::fchownat(fd, name.c_str(), owner.uid, owner.gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0)
      throw_errno("set the owner of", thing);
    return;
  }
  const Fd opened(name.empty() ? -1 : ::openat(fd, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!name.empty() && !opened) throw_errno("open", thing);
  if (const int error = records->set_owner(name.empty() ? fd : opened.get(), owner.uid, owner.gid); error != 0)
    throw_errno("set the owner of", thing, error);
}

}  // namespace jcb::util
