// SPDX-License-Identifier: Apache-2.0
#include "build/commit.h"

#include "jcbuild/error.h"
#include "store/owned_trees.h"
#include "util/interrupt.h"

namespace jcb::build {
std::optional<store::Layer> commit_layer(const store::Store& store, const std::vector<std::string>& trees,
                                         const std::vector<std::string>& below, const CommitOptions& options, Task& task) {
  const store::OwnedTrees sources(store, trees);
  const store::OwnedTrees lowers(store, {below.rbegin(), below.rend()});
  const auto lower_roots = lowers.roots();
  store::Workspace workspace = store.make_workspace();
  const auto directory = workspace.make_directory("layer");
  const util::Root target = util::Root::open(directory);
  util::OwnerTable owners;
  const auto is_below = [&](const std::string& path) { return oci::overlay_has_path(lower_roots, path, options.overlay_xattr); };
  oci::merge_overlay_directories(sources.roots(), target, options.overlay_xattr, is_below, sources.merged_owners(owners));
  oci::PackOptions pack;
  pack.compression = options.compression;
  pack.overlay_xattr = options.overlay_xattr;
  pack.owners = store::table_for(store, owners);
  pack.on_bytes = [&](std::uint64_t bytes) {
    util::check_interrupt();
    task.bytes(bytes, 0);
  };
  const auto packed = oci::pack_layer(target, store.layout(), pack);
  if (!packed) return std::nullopt;
  store::Layer layer{packed->diff_id, packed->descriptor};
  store.publish_tree(directory, layer.tree(), std::move(owners));
  return layer;
}

}  // namespace jcb::build
