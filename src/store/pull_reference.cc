// SPDX-License-Identifier: Apache-2.0
#include "store/pull_reference.h"

#include <algorithm>

#include "jcbuild/error.h"

namespace jcb::store {
namespace {

std::string tag_name(const oci::Reference& reference) {
  if (reference.digest() && reference.tag().empty()) return reference.name() + "@" + reference.digest()->text();
  return reference.store_name();
}

bool stands_for(const oci::Descriptor& descriptor, const oci::Digest& digest) {
  const auto source = descriptor.annotations.find(k_source_digest);
  return descriptor.digest == digest || (source != descriptor.annotations.end() && source->second == digest.text());
}

// Every layer unpacked, and its blob here where blobs are wanted.
bool is_whole(const Store& store, const oci::LoadedImage& image, bool blobs) {
  const auto& layers = image.manifest.layers;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!store.has_tree(image.config.diff_ids[i].hex())) return false;
    if (blobs && !store.layout().has_blob(layers[i].digest)) return false;
  }
  return true;
}

std::vector<Layer> layers_of(const oci::LoadedImage& image) {
  std::vector<Layer> layers;
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) layers.push_back({image.config.diff_ids[i], image.manifest.layers[i]});
  return layers;
}

// The image that is here already under any name, when it is what the registry has and can be used as it is. One that is damaged is
// no reason not to fetch it again.
std::optional<PulledImage> find_whole(const Store& store, const oci::Digest& digest, const oci::Platform& platform, bool blobs) {
  for (const auto& tagged : list_images(store)) {
    if (!stands_for(tagged.descriptor, digest)) continue;
    try {
      auto image = oci::load_image(store.layout(), tagged.descriptor, platform);
      if (!platform.accepts(image.config.platform) || !is_whole(store, image, blobs)) continue;
      auto layers = layers_of(image);
      return PulledImage{tagged, std::move(image), std::move(layers), false};
    } catch (const Error&) {
      continue;
    }
  }
  return std::nullopt;
}

PulledImage fetch(const Store& store, const oci::Registries::Found& found, const oci::Platform& platform, const PullOptions& options) {
  auto remote = oci::fetch_image(*found.client, found.descriptor.digest.text(), platform);
  auto layers = pull_image(store, *found.client, remote, options);
  auto descriptor = remote.image.descriptor;
  descriptor.annotations.clear();
  descriptor.platform.reset();
  if (remote.index) descriptor.annotations[k_source_digest] = found.descriptor.digest.text();
  return {{"", std::move(descriptor)}, std::move(remote.image), std::move(layers), true};
}

}  // namespace

PulledImage pull_reference(const Store& store, oci::Registries& registries, const oci::Reference& reference, const oci::Platform& platform,
                           const PullOptions& options) {
  const auto found = registries.find(reference);
  auto pulled = find_whole(store, found.descriptor.digest, platform, options.keep_blobs);
  if (!pulled) pulled = in_step("pulling " + found.reference.text(), [&] { return fetch(store, found, platform, options); });
  pulled->tagged.name = tag_name(reference);
  store.layout().set_tag(pulled->tagged.name, pulled->tagged.descriptor);
  return std::move(*pulled);
}

}  // namespace jcb::store
