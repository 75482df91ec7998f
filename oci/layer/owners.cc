// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/owners.h"

#include "jcbuild/error.h"
#include "oci/layer/look_up.h"
#include "oci/layer/xattr.h"
#include "util/interrupt.h"
#include "util/text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <map>
#include <tuple>

namespace jcb::oci {
namespace {

std::string thing_of(const std::string& path) { return "'" + util::escape_text(path) + "'"; }

std::optional<struct statx> find_status(int directory, const std::string& name, const std::string& path) {
  struct statx status {};
  const int flags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC;
  if (::statx(directory, name.c_str(), flags, STATX_BASIC_STATS | STATX_BTIME, &status) == 0) return status;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw_errno("stat", thing_of(path));
}

std::optional<struct statx> find_status_below(const util::Root& root, const std::string& path) {
  const auto fd = root.find_at(path, O_PATH | O_NOFOLLOW);
  return fd ? find_status(fd->get(), "", path) : std::nullopt;
}

bool is_whiteout(const struct statx& status) {
  return S_ISCHR(status.stx_mode) && status.stx_rdev_major == 0 && status.stx_rdev_minor == 0;
}

std::int64_t nanoseconds(const struct statx_timestamp& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

// The lower trees, asked for the owners of what was copied up from them.
class LowerOwners {
 public:
  LowerOwners(const std::vector<OwnedTree>& top_first, OverlayXattr overlay_xattr) : m_trees(top_first), m_overlay_xattr(overlay_xattr) {
    for (const auto& tree : m_trees) m_empty = m_empty && tree.owners->empty();
  }

  /// No lower file has an owner of its own.
  bool empty() const noexcept { return m_empty; }

  /// The tree that shows the path, or nothing.
  const OwnedTree* find_tree(const std::string& path) const {
    for (const auto& tree : m_trees) {
      const Finding finding = look_up(*tree.root, path, m_overlay_xattr);
      if (finding == Finding::present) return &tree;
      if (finding == Finding::hidden) return nullptr;
    }
    return nullptr;
  }

  /// Of a file with overlayfs's mark: by path, or by its looks where it has been renamed.
  util::OwnerEntry find_marked(const std::string& path, const struct statx& status) {
    if (const auto* tree = find_tree(path)) {
      const auto lower = find_status_below(*tree->root, path);
      if (lower && (lower->stx_mode & S_IFMT) == (status.stx_mode & S_IFMT)) return tree->owners->find(path);
    }
    if (!m_by_looks) index_by_looks();
    const auto found = m_by_looks->find(looks_of(status));
    return found == m_by_looks->end() ? util::OwnerEntry{} : found->second;
  }

  /// Of a file that can have no mark, if it seems to be a copy of the lower one.
  std::optional<util::OwnerEntry> find_unmarked(const std::string& path, const struct statx& status) const {
    const auto* tree = find_tree(path);
    const auto lower = tree != nullptr ? find_status_below(*tree->root, path) : std::nullopt;
    if (!lower || lower->stx_mode != status.stx_mode) return std::nullopt;
    if (S_ISLNK(status.stx_mode) && looks_of(*lower) != looks_of(status)) return std::nullopt;
    if (S_ISREG(status.stx_mode) && lower->stx_nlink < 2) return std::nullopt;
    return tree->owners->find(path);
  }

 private:
  using Looks = std::tuple<std::uint32_t, std::uint64_t, std::int64_t>;
  static Looks looks_of(const struct statx& status) { return {status.stx_mode & S_IFMT, status.stx_size, nanoseconds(status.stx_mtime)}; }

  void index_by_looks() {
    m_by_looks.emplace();
    const util::OwnerTable merged = merge_owners(m_trees, m_overlay_xattr);
    for (const auto& [path, entry] : merged.entries()) {
      const auto* tree = find_tree(path);
      const auto status = tree != nullptr ? find_status_below(*tree->root, path) : std::nullopt;
      if (status && !S_ISDIR(status->stx_mode)) m_by_looks->emplace(looks_of(*status), entry);
    }
  }

  const std::vector<OwnedTree>& m_trees;
  OverlayXattr m_overlay_xattr;
  bool m_empty = true;
  std::optional<std::map<Looks, util::OwnerEntry>> m_by_looks;
};

// A directory whose children are still to be visited, and what they inherit from it.
struct Level {
  std::string path;
  std::uint32_t gid = 0;
  bool gives_group = false;  // it has the set-group-ID bit
  std::int64_t since = 0;    // files born earlier did not get its group
};

class Collector {
 public:
  Collector(const util::Root& tree, const util::OwnerRecords& records, const CollectOptions& options)
      : m_tree(tree), m_records(records), m_options(options), m_lowers(options.lowers_top_first, options.overlay_xattr) {}

  util::OwnerTable run() {
    const bool nothing_to_find = m_records.empty() && m_lowers.empty() && m_options.new_files == util::FileOwner{};
    if (!nothing_to_find) m_levels.push_back({});
    while (!m_levels.empty()) {
      const Level level = std::move(m_levels.back());
      m_levels.pop_back();
      visit_children(level);
    }
    return std::move(m_table);
  }

 private:
  void visit_children(const Level& level) {
    util::check_interrupt();
    const util::Fd fd = m_tree.open_at(level.path.empty() ? "." : level.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    for (const auto& entry : util::list_directory(fd.get(), thing_of(level.path))) {
      const std::string path = level.path.empty() ? entry.name : level.path + "/" + entry.name;
      const auto status = find_status(fd.get(), entry.name, path);
      if (status && !is_whiteout(*status)) visit(level, fd.get(), entry.name, path, *status);
    }
  }

  void visit(const Level& level, int directory, const std::string& name, const std::string& path, const struct statx& status) {
    const util::OwnerRecord record = m_records.find(status);
    util::OwnerEntry entry;
    if (!record.uid || !record.gid) entry = unrecorded(level, directory, name, path, status);
    if (record.uid) entry.owner.uid = *record.uid;
    if (record.gid) entry.owner.gid = *record.gid;
    if (record.device) entry.device = record.device;
    m_table.set(path, entry);
    if (S_ISDIR(status.stx_mode))
      m_levels.push_back({path, entry.owner.gid, (status.stx_mode & S_ISGID) != 0, record.gid ? record.gid_time : 0});
  }

  util::OwnerEntry unrecorded(const Level& level, int directory, const std::string& name, const std::string& path,
                              const struct statx& status) {
    if (!m_lowers.empty()) {
      if (is_marked(directory, name)) return m_lowers.find_marked(path, status);
      if (auto copied = m_lowers.find_unmarked(path, status)) return *copied;
    } else if (is_below_something() && (is_marked(directory, name) || m_lowers.find_unmarked(path, status))) {
      return {};
    }
    util::OwnerEntry made{m_options.new_files, {}};
    if (m_options.inherit_groups && level.gives_group && nanoseconds(status.stx_btime) >= level.since) made.owner.gid = level.gid;
    return made;
  }

  bool is_below_something() const { return !m_options.lowers_top_first.empty(); }

  // overlayfs.rst, "user.overlay.origin": set on what was copied up, if only to nothing.
  bool is_marked(int directory, const std::string& name) const {
    const std::string file = "/proc/self/fd/" + std::to_string(directory) + "/" + name;
    return ::lgetxattr(file.c_str(), overlay_xattr_name(m_options.overlay_xattr, "origin").c_str(), nullptr, 0) >= 0;
  }

  const util::Root& m_tree;
  const util::OwnerRecords& m_records;
  const CollectOptions& m_options;
  LowerOwners m_lowers;
  std::vector<Level> m_levels;
  util::OwnerTable m_table;
};

}  // namespace

util::OwnerEntry find_owner(const std::vector<OwnedTree>& top_first, const std::string& path, OverlayXattr overlay_xattr) {
  const auto* tree = LowerOwners(top_first, overlay_xattr).find_tree(path);
  return tree != nullptr ? tree->owners->find(path) : util::OwnerEntry{};
}

util::OwnerTable merge_owners(const std::vector<OwnedTree>& top_first, OverlayXattr overlay_xattr) {
  const LowerOwners trees(top_first, overlay_xattr);
  util::OwnerTable merged;
  for (const auto& tree : top_first) {
    for (const auto& [path, entry] : tree.owners->entries()) {
      if (trees.find_tree(path) == &tree) merged.set(path, entry);
    }
  }
  return merged;
}

util::OwnerTable collect_owners(const util::Root& tree, const util::OwnerRecords& records, const CollectOptions& options) {
  return Collector(tree, records, options).run();
}

}  // namespace jcb::oci
