// SPDX-License-Identifier: Apache-2.0
// What chown and mknod would have done, had they been allowed: kept by the identity of the file while a tree is being
// written, so that renames and hard links need no attention, and turned into an OwnerTable at the end
// (oci/layer/owners.h).
//
// A file is known by device, inode and birth time *in the tree*, never by what an overlay shows: an overlay mounted by a
// user shows a copied-up file under its lower inode number until that is forgotten and under the upper one afterwards.
// From the overlay the way leads through the path that the kernel gives for the open file, and the birth time tells
// whether the same file was found there.
#pragma once

#include "util/fd.h"
#include "util/owner_table.h"
#include "util/root.h"

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

struct statx;

namespace jcb::util {

/// What was set on one file; absent: it is as it was.
struct OwnerRecord {
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
  std::optional<DeviceNode> device;
  /// When `gid` was set (CLOCK_REALTIME_COARSE, nanoseconds): files born later in a set-group-ID directory inherit it.
  std::int64_t gid_time = 0;
};

/// Leaves an owner as it is, as for chown(2).
inline constexpr std::uint32_t k_keep_owner = UINT32_MAX;

/// Records of one tree. Safe for use from several threads.
class OwnerRecords {
 public:
  /// For a tree that is written directly.
  explicit OwnerRecords(Root tree);
  /// For the upper directory of the overlay that is mounted at `mount_point` while files are recorded.
  OwnerRecords(Root upper, const Root& mount_point);
  OwnerRecords(const OwnerRecords&) = delete;
  OwnerRecords& operator=(const OwnerRecords&) = delete;

  /// chown(2) of an open file (O_PATH will do): the file becomes ours for real, which copies it up, clears set-id bits and
  /// file capabilities and changes ctime as the kernel does; the owner is recorded. 0, or an errno value. A file outside
  /// the tree (a bind) is given to us and not recorded.
  int set_owner(int fd, std::uint32_t uid, std::uint32_t gid) noexcept;
  /// Records that an empty file, just made, stands for a device. 0, or an errno value.
  int set_device(int fd, DeviceNode device) noexcept;

  /// What is known of a file of the tree, given its statx(2) there.
  OwnerRecord find(const struct statx& status) const;
  bool empty() const;

  /// What the overlay shows before anything is recorded: the owners of all that lies below the upper directory, and whom
  /// new files belong to. To be called once, before the records are used by other threads.
  void set_beginning(OwnerTable below, FileOwner new_files);
  /// No file is known to belong to anybody but root.
  bool knows_nothing() const;
  /// What stat(2) should tell of an open file (O_PATH will do) whose statx(2) is `shown`; a plain entry where the file system
  /// tells it. Cheap for files that nobody has given away.
  OwnerEntry find_shown(int fd, const struct statx& shown) const;

 private:
  using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint64_t, std::int64_t, std::uint32_t>;
  using Birth = std::pair<std::int64_t, std::uint32_t>;
  static Key key_of(const struct statx& status) noexcept;
  static Birth birth_of(const struct statx& status) noexcept;
  std::optional<std::string> find_path(int fd) const;
  bool may_be_given_away(const struct statx& shown) const;
  std::optional<Fd> find_in_tree(int fd) const;
  std::optional<Fd> find_by_path(int fd, const struct statx& shown) const;
  template <typename Change>
  int record(int fd, const Change& change);
  void pin(Fd fd);

  Root m_tree;
  std::string m_mount_point;  // "" without an overlay
  mutable std::mutex m_mutex;
  std::map<Key, OwnerRecord> m_records;
  std::deque<std::pair<std::int64_t, Fd>> m_pins;
  // Births of what is recorded and of what `m_below` knows: most files are none of them, and no more need be looked at.
  std::set<Birth> m_births;
  OwnerTable m_below;
  FileOwner m_new_files;
  std::int64_t m_start;
};

/// chown(2) by an object: of the file `name` in the directory `fd` (links are not followed), or of `fd` itself where `name`
/// is empty; for real without `records`, else into them. Throws Error(system) naming `thing`.
void change_owner(int fd, const std::string& name, FileOwner owner, OwnerRecords* records, std::string_view thing);

}  // namespace jcb::util
