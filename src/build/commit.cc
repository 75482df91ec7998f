// SPDX-License-Identifier: Apache-2.0
#include "build/commit.h"

#include "jcbuild/error.h"
#include "util/interrupt.h"

namespace jcb::build {
namespace {

std::vector<util::Root> open_trees(const store::Store& store, const std::vector<std::string>& names) {
  std::vector<util::Root> roots;
  for (const auto& name : names) roots.push_back(store.tree(name));
  return roots;
}

std::vector<const util::Root*> pointers(const std::vector<util::Root>& roots) {
  std::vector<const util::Root*> result;
  for (const auto& root : roots) result.push_back(&root);
  return result;
}

}  // namespace

std::optional<store::Layer> commit_layer(const store::Store& store, const std::vector<std::string>& trees,
                                         const std::vector<std::string>& below, const CommitOptions& options, Task& task) {
  const auto sources = open_trees(store, trees);
  const std::vector<std::string> top_first(below.rbegin(), below.rend());
  const auto lowers = open_trees(store, top_first);
  const auto lower_pointers = pointers(lowers);
  store::Workspace workspace = store.make_workspace();
  const auto directory = workspace.make_directory("layer");
  const util::Root target = util::Root::open(directory);
  oci::merge_overlay_directories(pointers(sources), target, options.overlay_xattr, [&](const std::string& path) {
    return oci::overlay_has_path(lower_pointers, path, options.overlay_xattr);
  });
  oci::PackOptions pack;
  pack.compression = options.compression;
  pack.overlay_xattr = options.overlay_xattr;
  pack.on_bytes = [&](std::uint64_t bytes) {
    util::check_interrupt();
    task.bytes(bytes, 0);
  };
  const auto packed = oci::pack_layer(target, store.layout(), pack);
  if (!packed) return std::nullopt;
  store::Layer layer{packed->diff_id, packed->descriptor};
  store.publish_tree(directory, layer.tree());
  return layer;
}

}  // namespace jcb::build
