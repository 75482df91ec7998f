// SPDX-License-Identifier: Apache-2.0
#include "build/tree_diff.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "build/paths.h"
#include "jcbuild/error.h"
#include "oci/layer/whiteout.h"
#include "util/interrupt.h"
#include "util/text.h"
#include "util/tree_copy.h"

namespace jcb::build {
namespace {

using Entry = TreeIndex::Entry;

util::Fd open_directory(const util::Root& root, const std::string& path) {
  return root.open_at(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

std::int64_t to_nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(time.tv_sec) * 1000000000U + static_cast<std::uint64_t>(time.tv_nsec));
}

// The upper directory being filled.
class Upper {
 public:
  Upper(const util::Root& tree, const util::Root& upper) : m_tree(tree), m_upper(upper) { m_made.insert(""); }

  std::vector<Change>& changes() noexcept { return m_changes; }

  // With all its parents; attributes come at the end.
  void add_directory(const std::string& path, bool existed) {
    if (!m_made.insert(path).second) return;
    add_directory(parent_of(path), true);
    if (::mkdirat(directory(parent_of(path)), last_part(path).c_str(), 0700) != 0) throw_errno("make directory", util::escape_text(path));
    m_changes.push_back({path, existed, true});
    m_directories.push_back(path);
  }

  // False where the file system has no such xattrs.
  bool mark_opaque(const std::string& path) {
    if (::fsetxattr(open_directory(m_upper, path).get(), "user.overlay.opaque", "y", 1, 0) == 0) return true;
    if (errno != ENOTSUP) throw_errno("mark", util::escape_text(path));
    return false;
  }

  void add_file(int from, const std::string& path, const FileState& state, bool existed) {
    add_directory(parent_of(path), true);
    m_changes.push_back({path, existed, true});
    struct stat status {};
    if (::fstatat(from, last_part(path).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) throw_errno("stat", util::escape_text(path));
    if (state.links > 1) {
      const std::string* first = m_links.find_or_note(status, path);
      if (first != nullptr && util::link_in_root(m_upper, *first, path)) return;
    }
    util::copy_entry(from, directory(parent_of(path)), last_part(path), status, util::escape_text(path));
  }

  void add_whiteout(const std::string& path) {
    add_directory(parent_of(path), true);
    m_changes.push_back({path, true, false});
    oci::make_whiteout_device(directory(parent_of(path)), last_part(path), util::escape_text(path));
  }

  // Children before parents: filling a directory changes its times.
  void finish() {
    for (auto path = m_directories.rbegin(); path != m_directories.rend(); ++path)
      util::copy_attributes(open_directory(m_tree, *path).get(), open_directory(m_upper, *path).get(), util::escape_text(*path));
  }

 private:
  // Most calls follow one for the same directory.
  int directory(const std::string& path) {
    if (!m_open || m_open_path != path) {
      m_open = open_directory(m_upper, path);
      m_open_path = path;
    }
    return m_open.get();
  }

  const util::Root& m_tree;
  const util::Root& m_upper;
  std::set<std::string> m_made;
  std::vector<std::string> m_directories;
  std::vector<Change> m_changes;
  util::LinkTable m_links;
  util::Fd m_open;
  std::string m_open_path;
};

class Difference {
 public:
  Difference(const TreeIndex& index, const util::Root& tree, const util::Root& upper, const DiffOptions& options)
      : m_index(index), m_tree(tree), m_options(options), m_upper(tree, upper) {}

  std::vector<Change> run() {
    m_jobs.push_back({"", &m_index.top()});
    while (!m_jobs.empty()) {
      util::check_interrupt();
      const Job job = std::move(m_jobs.back());
      m_jobs.pop_back();
      compare_directory(job);
    }
    settle_links();
    m_upper.finish();
    return std::move(m_upper.changes());
  }

 private:
  // A directory of the tree, and what it was; null: everything in it is new.
  struct Job {
    std::string path;
    const Entry* before = nullptr;
  };
  // A file of which only the number of names is known to have changed.
  struct Linked {
    std::string path;
    FileState state;
  };

  void compare_directory(const Job& job) {
    const util::Fd directory = open_directory(m_tree, job.path);
    const auto names = util::list_directory(directory.get(), util::escape_text(job.path));
    const auto before = job.before != nullptr ? m_index.children(*job.before) : std::span<const Entry>();
    auto old = before.begin();
    for (const auto& [name, type] : names) {
      for (; old != before.end() && m_index.name(*old) < name; ++old) m_upper.add_whiteout(join_path(job.path, m_index.name(*old)));
      const bool known = old != before.end() && m_index.name(*old) == name;
      const Entry* entry = known ? &*old++ : nullptr;
      compare(directory.get(), join_path(job.path, name), read_state(directory.get(), name), entry);
    }
    for (; old != before.end(); ++old) m_upper.add_whiteout(join_path(job.path, m_index.name(*old)));
  }

  void compare(int directory, const std::string& path, FileState now, const Entry* before) {
    if (before != nullptr) now.changed = undisturbed(now, before->state.changed);
    if (now.is_directory()) return compare_subdirectory(path, now, before);
    if (before != nullptr && now == before->state) return;
    if (before != nullptr && is_only_linked(now, before->state)) return m_linked.push_back({path, now});
    if (now.links > 1 && before == nullptr) m_new_names.insert({now.device, now.inode});
    m_upper.add_file(directory, path, now, before != nullptr);
  }

  void compare_subdirectory(const std::string& path, const FileState& now, const Entry* before) {
    if (before != nullptr && now.is_same_file(before->state)) {
      const auto& was = before->state;
      const bool same =
          now.changed == was.changed && now.modified == was.modified && now.mode == was.mode && now.uid == was.uid && now.gid == was.gid;
      if (!same) m_upper.add_directory(path, true);
      return m_jobs.push_back({path, before});
    }
    m_upper.add_directory(path, before != nullptr);
    const bool hides = before == nullptr || m_upper.mark_opaque(path);
    m_jobs.push_back({path, hides || !before->state.is_directory() ? nullptr : before});
  }

  // The change time, or, where it is the one that only the set-up gave, the time before that.
  std::int64_t undisturbed(const FileState& now, std::int64_t before) const {
    std::int64_t changed = now.changed;
    if (changed == before) return changed;
    for (auto one = m_options.disturbed.rbegin(); one != m_options.disturbed.rend(); ++one) {
      if (one->inode == now.inode && one->device == now.device && to_nanoseconds(one->after) == changed)
        changed = to_nanoseconds(one->before);
    }
    return changed;
  }

  static bool is_only_linked(FileState now, const FileState& before) {
    if (now.links == before.links) return false;
    now.links = before.links;
    now.changed = before.changed;
    return now == before;
  }

  // A file that got a new name was copied up by overlayfs, under the name that was used: the first one serves. All others
  // count only when their content has changed.
  void settle_links() {
    std::sort(m_linked.begin(), m_linked.end(), [](const Linked& a, const Linked& b) { return a.path < b.path; });
    for (const auto& [path, state] : m_linked) {
      const bool named = m_new_names.erase({state.device, state.inode}) > 0;
      if (!named && (!state.is_regular() || m_options.has_same_content(path))) continue;
      m_upper.add_file(open_directory(m_tree, parent_of(path)).get(), path, state, true);
    }
  }

  const TreeIndex& m_index;
  const util::Root& m_tree;
  const DiffOptions& m_options;
  Upper m_upper;
  std::vector<Job> m_jobs;
  std::vector<Linked> m_linked;
  std::set<std::pair<std::uint64_t, std::uint64_t>> m_new_names;
};

}  // namespace

std::vector<Change> write_difference(const TreeIndex& before, const util::Root& tree, const util::Root& upper, const DiffOptions& options) {
  return Difference(before, tree, upper, options).run();
}

}  // namespace jcb::build
