// SPDX-License-Identifier: Apache-2.0
#include "build/rootfs.h"

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

}  // namespace

WorkingRootfs::WorkingRootfs(const store::Store& store, store::Workspace& workspace, const std::vector<std::string>& trees,
                             const std::vector<sandbox::MountPoint>& points)
    : m_store(store),
      m_below(trees.rbegin(), trees.rend()),
      m_upper(workspace.make_directory("upper")),
      m_work(workspace.make_directory("work")),
      m_skeleton(workspace.make_directory("skeleton")),
      m_point(workspace.make_directory("merged")) {
  make_points(store, workspace, trees, points);
  auto lowers = open_top_first(store, trees);
  lowers.push_back(util::Root::open(m_skeleton));
  m_mount = std::make_unique<sandbox::OverlayMount>(pointers(lowers), m_upper, m_work, m_point);
  if (store.flavour() == store::TreeFlavour::single) m_records = std::make_unique<util::OwnerRecords>(util::Root::open(m_upper), root());
}

void WorkingRootfs::make_points(const store::Store& store, store::Workspace& workspace, const std::vector<std::string>& trees,
                                const std::vector<sandbox::MountPoint>& points) {
  const util::Root skeleton = util::Root::open(m_skeleton);
  if (points.empty()) return sandbox::make_skeleton(skeleton, points);
  // A target behind a link of the image lies where the link leads.
  const ReadableRootfs image(store, workspace, trees);
  const util::Root image_root = image.root();
  sandbox::make_skeleton(skeleton, points, &image_root);
}

util::OwnerRecords* WorkingRootfs::records_for(util::FileOwner new_files) {
  if (!m_records) return nullptr;
  m_new_files = new_files;
  m_records->set_beginning(oci::merge_owners(store::OwnedTrees(m_store, m_below).trees(), oci::OverlayXattr::user), new_files);
  return m_records.get();
}

WorkingRootfs::Changes WorkingRootfs::finish() {
  m_mount.reset();
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

ReadableRootfs::ReadableRootfs(const store::Store& store, store::Workspace& workspace, const std::vector<std::string>& trees)
    : m_point(workspace.make_directory("readable")) {
  if (trees.empty()) return;
  const auto lowers = open_top_first(store, trees);
  m_mount = std::make_unique<sandbox::OverlayMount>(pointers(lowers), "", "", m_point);
}

}  // namespace jcb::build
