// SPDX-License-Identifier: Apache-2.0
#include "api/rootfs.h"

#include <sys/stat.h>
#include <unistd.h>

#include "build/rootfs.h"
#include "store/images.h"
#include "store/owned_trees.h"
#include "store/source.h"
#include "util/file.h"
#include "util/interrupt.h"

namespace jcb::api {
namespace {

namespace fs = std::filesystem;

// Calls `fill` on a fresh directory beside `destination` and moves it there when all went well.
void make_directory_whole(const fs::path& destination, const std::function<void(const util::Root&)>& fill) {
  fs::path target = fs::absolute(destination).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();
  if (fs::exists(target) && !(fs::is_directory(target) && fs::is_empty(target)))
    throw Error(ErrorKind::refused, target.native() + " exists and is not an empty directory");
  ::umask(022);  // an unpacked tree is the same whoever unpacks it
  util::TempDir temporary(target.parent_path(), ".jcbuild-");
  fill(temporary.root());
  if (::chmod(temporary.path().c_str(), 0755) != 0 || ::rename(temporary.path().c_str(), target.c_str()) != 0)
    throw_errno("make", target.native());
  temporary.keep();
}

void unpack_layers_into(const oci::Layout& layout, const oci::LoadedImage& image, const util::Root& root) {
  oci::UnpackOptions options;
  options.ownership = ::geteuid() == 0 ? oci::Ownership::apply : oci::Ownership::record;
  options.whiteouts = oci::Whiteouts::apply;
  options.on_bytes = [](std::uint64_t) { util::check_interrupt(); };
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const auto& layer = image.manifest.layers[i];
    in_step("unpacking layer " + layer.digest.short_text(),
            [&] { oci::unpack_layer(layout.open_blob(layer).get(), layer, image.config.diff_ids[i], root, options); });
  }
}

}  // namespace

void unpack_rootfs(const oci::Layout& layout, const oci::LoadedImage& image, const fs::path& destination) {
  make_directory_whole(destination, [&](const util::Root& root) { unpack_layers_into(layout, image, root); });
}

void unpack_bundle(const oci::Layout& layout, const oci::LoadedImage& image, const fs::path& destination) {
  make_directory_whole(destination, [&](const util::Root& root) {
    unpack_layers_into(layout, image, util::Root(root.make_dirs("rootfs", 0755)));
    root.write_file("config.json", layout.read_blob(image.manifest.config, oci::k_max_config_bytes));
  });
}

store::Layer import_layer(Session::Parts& parts, int fd, const std::string& thing) {
  const auto& store = parts.store();
  store::Workspace workspace = store.make_workspace();
  const auto directory = workspace.make_directory("import");
  const util::Root root = util::Root::open(directory);
  oci::UnpackOptions options;
  options.overlay_xattr = parts.overlay_xattr();
  options.on_bytes = [](std::uint64_t) { util::check_interrupt(); };
  util::OwnerTable owners =
      store::unpack_owned(store, root, options, [&](const oci::UnpackOptions& owned) { oci::extract_tar(fd, root, owned, thing); });
  oci::PackOptions pack;
  pack.overlay_xattr = options.overlay_xattr;
  pack.owners = store::table_for(store, owners);
  const auto packed = oci::pack_layer(root, store.layout(), pack);
  if (!packed) throw Error(ErrorKind::invalid, thing + " holds no file");
  store::Layer layer{packed->diff_id, packed->descriptor};
  store.publish_tree(directory, layer.tree(), std::move(owners));
  return layer;
}

void write_rootfs_tar(Session::Parts& parts, const std::string& name, int fd) {
  const auto& store = parts.store();
  const auto base = build::load_base(store, oci::ImageName::parse(name), oci::Platform::host(),
                                     parts.base_access(parts.commit_options("zstd")), parts.progress(), 0);
  store::Workspace workspace = store.make_workspace();
  std::vector<std::string> top_first;
  for (auto layer = base.layers.rbegin(); layer != base.layers.rend(); ++layer) top_first.push_back(layer->tree());
  const store::OwnedTrees lowers(store, top_first);
  const build::ReadableRootfs rootfs(store, workspace, {top_first.rbegin(), top_first.rend()});
  const util::OwnerTable owners = oci::merge_owners(lowers.trees(), parts.overlay_xattr());
  const auto write = [&](std::string_view bytes) {
    util::check_interrupt();
    util::write_all(fd, bytes, "the tar");
  };
  oci::write_layer_tar(rootfs.root(), parts.overlay_xattr(), write, store::table_for(store, owners));
}

}  // namespace jcb::api
