// SPDX-License-Identifier: Apache-2.0
#include "store/source.h"

#include <fcntl.h>

#include <algorithm>

#include "jcbuild/error.h"
#include "oci/layer/archive.h"
#include "store/images.h"
#include "util/text.h"

namespace jcb::store {
namespace {

[[noreturn]] void throw_unknown(const Store& store, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& image : list_images(store)) names.push_back(image.name);
  const auto nearest = util::nearest_names(name, names);
  throw Error(ErrorKind::not_found, "there is no image " + util::escape_text(name) + " in the store",
              nearest.empty() ? "jcbuild images lists what is there" : util::did_you_mean(nearest));
}

OpenedImage open_stored(const Store& store, const oci::ImageName& name, const oci::Platform& platform) {
  const auto found = find_image(store, name.reference->text());
  if (!found) throw_unknown(store, name.reference->text());
  auto layout = oci::Layout::open(store.layout().root().duplicate(), store.path().native());
  auto image = oci::load_image(layout, found->descriptor, platform);
  return {std::move(layout), std::move(image), {found->name}, std::nullopt};
}

OpenedImage open_layout(const oci::ImageName& name, const oci::Platform& platform) {
  auto layout = oci::Layout::open(util::Root::open(name.path), name.path);
  const auto descriptor = layout.find_tag(name.tag);
  if (!descriptor) throw Error(ErrorKind::not_found, name.path + " has no image tagged '" + util::escape_text(name.tag) + "'");
  auto image = oci::load_image(layout, *descriptor, platform);
  return {std::move(layout), std::move(image), {}, std::nullopt};
}

OpenedImage open_archive(const Store& store, const oci::ImageName& name, const oci::Platform& platform) {
  const util::Fd file(::open(name.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw_errno("open", name.path);
  Workspace workspace = store.make_workspace();
  auto layout = oci::Layout::create(util::Root::open(workspace.make_directory("layout")), name.path);
  const auto images = oci::read_archive(file.get(), layout, name.path);
  const oci::ArchivedImage* chosen = nullptr;
  std::vector<std::string> all;
  for (const auto& image : images) {
    all.insert(all.end(), image.names.begin(), image.names.end());
    const bool named = std::find(image.names.begin(), image.names.end(), name.tag) != image.names.end();
    if (named || (name.tag.empty() && images.size() == 1)) chosen = &image;
  }
  if (chosen == nullptr)
    throw Error(ErrorKind::not_found,
                name.path + (name.tag.empty() ? " holds several images" : " holds no image " + util::escape_text(name.tag)),
                "it holds: " + util::join(all, ", "));
  auto image = oci::load_image(layout, chosen->descriptor, platform);
  return {std::move(layout), std::move(image), chosen->names, std::move(workspace)};
}

}  // namespace

OpenedImage open_image(const Store& store, const oci::ImageName& name, const oci::Platform& platform) {
  switch (name.transport) {
    case oci::Transport::store:
      return open_stored(store, name, platform);
    case oci::Transport::oci_layout:
      return open_layout(name, platform);
    case oci::Transport::oci_archive:
    case oci::Transport::docker_archive:
      return open_archive(store, name, platform);
    case oci::Transport::registry:
      throw Error(ErrorKind::unsupported, name.text() + " is in a registry", "bring it here first: jcbuild pull " + name.text());
    default:
      throw Error(ErrorKind::usage, name.text() + " is not something an image can be read from");
  }
}

oci::LoadedImage bring_into_store(const Store& store, const OpenedImage& opened,
                                  const std::function<void(std::uint64_t, std::uint64_t)>& on_bytes) {
  copy_image(opened.layout, opened.image, store.layout(), on_bytes);
  return opened.image;
}

}  // namespace jcb::store
