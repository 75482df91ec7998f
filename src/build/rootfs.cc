// SPDX-License-Identifier: Apache-2.0
#include "build/rootfs.h"

#include "sandbox/isolation.h"
#include "store/owned_trees.h"

namespace jcb::build {
namespace {

std::vector<util::Root> open_top_first(const store::Store& store, const std::vector<std::string>& trees) {
  std::vector<util::Root> roots;
  for (auto tree = trees.rbegin(); tree != trees.rend(); ++tree) roots.push_back(store.tree(*tree));
  return roots;
}

std::vector<const util::Root*> pointers(const std::vector<util::Root>& roots) {
  std::vector<const util::Root*> result;
  for (const auto& root : roots) result.push_back(&root);
  return result;
}

std::filesystem::path kernel_path(const util::Root& root) { return "/proc/self/fd/" + std::to_string(root.fd()); }

void make_points(const util::Root& skeleton, const store::Store& store, store::Workspace& workspace, const std::vector<std::string>& trees,
                 const std::vector<sandbox::MountPoint>& points) {
  if (points.empty()) return sandbox::make_skeleton(skeleton, points);
  // A target behind a link of the image lies where the link leads.
  const ReadableRootfs image(store, workspace, trees);
  const util::Root image_root = image.root();
  sandbox::make_skeleton(skeleton, points, &image_root);
}

}  // namespace

WorkingRootfs::WorkingRootfs(const store::Store& store, store::Workspace& workspace, const std::vector<std::string>& trees,
                             const std::vector<sandbox::MountPoint>& points, CopiedTrees& copies)
    : m_store(store), m_below(trees.rbegin(), trees.rend()), m_upper(workspace.make_directory("upper")) {
  if (sandbox::can_mount()) {
    mount(workspace, trees, points);
  } else {
    m_copy = std::make_unique<CopiedRootfs>(store, copies, trees);
    m_point = m_copy->path();
  }
}

void WorkingRootfs::mount(store::Workspace& workspace, const std::vector<std::string>& trees,
                          const std::vector<sandbox::MountPoint>& points) {
  const auto skeleton = util::Root::open(workspace.make_directory("skeleton"));
  m_point = workspace.make_directory("merged");
  make_points(skeleton, m_store, workspace, trees, points);
  auto lowers = open_top_first(m_store, trees);
  lowers.push_back(skeleton.duplicate());
  m_mount = std::make_unique<sandbox::OverlayMount>(pointers(lowers), m_upper, workspace.make_directory("work"), m_point);
  if (m_store.flavour() == store::TreeFlavour::single) m_records = std::make_unique<util::OwnerRecords>(util::Root::open(m_upper), root());
}

util::OwnerRecords* WorkingRootfs::records_for(util::FileOwner new_files) {
  if (!m_records) return nullptr;
  m_new_files = new_files;
  m_records->set_beginning(oci::merge_owners(store::OwnedTrees(m_store, m_below).trees(), oci::OverlayXattr::user), new_files);
  return m_records.get();
}

WorkingRootfs::Changes WorkingRootfs::finish() {
  m_mount.reset();
  if (m_copy) m_copy->finish(util::Root::open(m_upper));
  Changes changes{m_upper, {}};
  if (!m_records) return changes;
  const store::OwnedTrees below(m_store, m_below);
  oci::CollectOptions options;
  options.lowers_top_first = below.trees();
  options.new_files = m_new_files;
  changes.owners = oci::collect_owners(util::Root::open(m_upper), *m_records, options);
  m_records.reset();
  return changes;
}

void WorkingRootfs::kept_as(const std::optional<std::string>& tree) {
  if (m_copy) m_copy->kept_as(tree);
}

ReadableRootfs::ReadableRootfs(const store::Store& store, store::Workspace& workspace, const std::vector<std::string>& trees)
    : m_point(workspace.make_directory("readable")) {
  if (trees.empty()) return;
  if (sandbox::can_mount()) {
    const auto lowers = open_top_first(store, trees);
    m_mount = std::make_unique<sandbox::OverlayMount>(pointers(lowers), "", "", m_point);
  } else if (trees.size() == 1) {
    m_tree.emplace(store.tree(trees.front()));
    m_point = kernel_path(*m_tree);
  } else {
    apply_stack(store, trees, util::Root::open(m_point));
  }
}

}  // namespace jcb::build
