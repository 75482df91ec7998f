// SPDX-License-Identifier: Apache-2.0
#include "build/copied_rootfs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "build/tree_apply.h"
#include "jcbuild/error.h"
#include "util/file.h"
#include "util/text.h"
#include "util/tree_copy.h"

namespace jcb::build {
namespace {

constexpr std::size_t k_max_kept = 2;  // each is as large as its image

bool begins_with(const std::vector<std::string>& trees, const std::vector<std::string>& first) {
  return trees.size() >= first.size() && std::equal(first.begin(), first.end(), trees.begin());
}

bool is_equal(int a, int b, std::string_view thing) {
  std::array<char, 65536> one, other;
  for (;;) {
    const std::size_t size = util::read_full(a, one.data(), one.size(), thing);
    if (util::read_full(b, other.data(), other.size(), thing) != size) return false;
    if (!std::equal(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(size), other.begin())) return false;
    if (size == 0) return true;
  }
}

bool is_missing(const util::Root& root, const std::string& path) { return !root.find_stat(path).has_value(); }

}  // namespace

void apply_stack(const store::Store& store, const std::vector<std::string>& trees, const util::Root& target) {
  for (const auto& tree : trees) in_step("copying the layer " + tree, [&] { apply_tree(store.tree(tree), target); });
}

std::optional<CopiedTrees::Copy> CopiedTrees::find(const std::vector<std::string>& trees) {
  const std::lock_guard lock(m_mutex);
  auto best = m_kept.end();
  for (auto copy = m_kept.begin(); copy != m_kept.end(); ++copy) {
    if (begins_with(trees, copy->trees) && (best == m_kept.end() || copy->trees.size() > best->trees.size())) best = copy;
  }
  if (best == m_kept.end()) return std::nullopt;
  Copy found = std::move(*best);
  m_kept.erase(best);
  return found;
}

CopiedTrees::Copy CopiedTrees::make() {
  const std::lock_guard lock(m_mutex);
  if (!m_workspace) m_workspace.emplace(m_store.make_workspace());
  return {m_workspace->make_directory("copy"), {}};
}

// Mount points exist below everything, as under an overlay.
CopiedTrees::Copy CopiedTrees::take(const std::vector<std::string>& trees) {
  auto kept = find(trees);
  Copy copy = kept ? std::move(*kept) : make();
  try {
    const util::Root root = util::Root::open(copy.path);
    if (!kept) sandbox::make_skeleton(root, std::vector<sandbox::MountPoint>{});
    apply_stack(m_store, {trees.begin() + static_cast<std::ptrdiff_t>(copy.trees.size()), trees.end()}, root);
    // The root's own attributes are those of an upper directory, whatever a step did to them.
    if (::fchown(root.fd(), 0, 0) != 0 || ::fchmod(root.fd(), 0755) != 0) throw_errno("set the attributes of", copy.path.native());
  } catch (...) {
    drop(copy);
    throw;
  }
  copy.trees = trees;
  return copy;
}

void CopiedTrees::keep(Copy copy) {
  std::optional<Copy> oldest;
  {
    const std::lock_guard lock(m_mutex);
    m_kept.push_back(std::move(copy));
    if (m_kept.size() > k_max_kept) {
      oldest = std::move(m_kept.front());
      m_kept.erase(m_kept.begin());
    }
  }
  if (oldest) drop(*oldest);
}

void CopiedTrees::drop(const Copy& copy) noexcept {
  try {
    util::Root::open(copy.path.parent_path()).remove_tree(copy.path.filename().native());
  } catch (const Error&) {
    // The workspace removes it.
  }
}

CopiedRootfs::CopiedRootfs(const store::Store& store, CopiedTrees& copies, const std::vector<std::string>& trees)
    : m_store(store),
      m_copies(copies),
      m_copy(copies.take(trees)),
      m_index(TreeIndex::read(util::Root::open(m_copy.path))),
      m_disturbed(std::make_shared<std::vector<sandbox::Disturbance>>()) {
  util::wait_for_clock_tick();
}

CopiedRootfs::~CopiedRootfs() {
  if (!m_kept) m_copies.drop(m_copy);
}

void CopiedRootfs::finish(const util::Root& upper) {
  const DiffOptions options{*m_disturbed, [this](const std::string& path) { return has_same_content(path); }};
  m_changes = write_difference(m_index, util::Root::open(m_copy.path), upper, options);
}

// Compared with the topmost tree that has the path: the index says that it was there.
bool CopiedRootfs::has_same_content(const std::string& path) const {
  const util::Fd now = util::Root::open(m_copy.path).open_regular(path);
  for (auto tree = m_copy.trees.rbegin(); tree != m_copy.trees.rend(); ++tree) {
    const auto before = m_store.tree(*tree).find_at(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!before) continue;
    struct stat status {};
    if (::fstat(before->get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
    const auto thing = util::escape_text(path);
    return is_equal(now.get(), before->get(), thing) && util::read_xattrs(now.get(), thing) == util::read_xattrs(before->get(), thing);
  }
  return false;
}

void CopiedRootfs::kept_as(const std::optional<std::string>& tree) {
  std::optional<util::Root> root;
  if (tree) root.emplace(m_store.tree(*tree));
  if (!remove_dropped(root ? &*root : nullptr)) return;
  if (root) take_times(*root);
  if (tree) m_copy.trees.push_back(*tree);
  m_copies.keep(std::move(m_copy));
  m_kept = true;
}

// What capture left out of the tree must go here too. False where that cannot be done: something that was changed or
// removed, and is to be as before.
bool CopiedRootfs::remove_dropped(const util::Root* tree) const {
  const util::Root root = util::Root::open(m_copy.path);
  for (auto change = m_changes.rbegin(); change != m_changes.rend(); ++change) {
    if (tree != nullptr && !is_missing(*tree, change->path)) continue;
    if (change->existed) return false;
    root.remove_tree(change->path);
  }
  return true;
}

// What the step itself wrote has SOURCE_DATE_EPOCH in the tree. Children first: nothing here changes a parent's times.
void CopiedRootfs::take_times(const util::Root& tree) const {
  const util::Root root = util::Root::open(m_copy.path);
  for (const auto& change : m_changes) {
    const auto status = change.exists ? tree.find_stat(change.path) : std::nullopt;
    if (!status) continue;
    const util::Place place = root.place(change.path);
    const std::array<timespec, 2> times{timespec{0, UTIME_OMIT}, status->st_mtim};
    if (::utimensat(place.parent.get(), place.name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0)
      throw_errno("set the times of", util::escape_text(change.path));
  }
}

}  // namespace jcb::build
