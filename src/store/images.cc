// SPDX-License-Identifier: Apache-2.0
#include "store/images.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "jcbuild/error.h"
#include "oci/reference.h"
#include "store/owned_trees.h"
#include "store/partial_layer.h"
#include "util/parallel.h"
#include "util/text.h"

namespace jcb::store {
namespace {

constexpr const char* k_ref_name = "org.opencontainers.image.ref.name";
constexpr std::size_t k_least_prefix = 4;

// Whether one of the digests that a tag goes by begins with `prefix`.
bool has_digest_prefix(const oci::Descriptor& descriptor, std::string_view prefix) {
  const auto source = descriptor.annotations.find(k_source_digest);
  return descriptor.digest.hex().starts_with(prefix) ||
         (source != descriptor.annotations.end() && source->second.starts_with("sha256:" + std::string(prefix)));
}

// The name as docker shows it: without Docker Hub's host, and without the "library/" of its official images.
std::string familiar_name(std::string name) {
  for (const std::string_view host : {"docker.io/", "index.docker.io/", "registry-1.docker.io/"}) {
    if (!name.starts_with(host)) continue;
    name.erase(0, host.size());
    if (name.starts_with("library/")) name.erase(0, 8);
    break;
  }
  return name;
}

bool is_hex(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

std::optional<TaggedImage> find_by_digest_prefix(const std::vector<TaggedImage>& images, std::string_view prefix) {
  std::optional<TaggedImage> found;
  for (const auto& image : images) {
    if (!has_digest_prefix(image.descriptor, prefix)) continue;
    if (found && found->descriptor.digest != image.descriptor.digest)
      throw Error(ErrorKind::invalid, "several images begin with " + std::string(prefix), "give more digits");
    if (!found) found = image;
  }
  return found;
}

// Unpacks one layer into a workspace and publishes it.
void unpack_one(const Store& store, const Layer& layer, oci::OverlayXattr xattr, const std::function<void(std::uint64_t)>& on_bytes) {
  const Lease lease = store.lease(layer_lease(layer.diff_id));
  if (store.has_tree(layer.tree())) return;
  Workspace workspace = store.make_workspace();
  const auto directory = workspace.make_directory("layer");
  oci::UnpackOptions options;
  options.overlay_xattr = xattr;
  options.on_bytes = on_bytes;
  const util::Root tree = util::Root::open(directory);
  const util::Fd blob = store.layout().open_blob(layer.blob);
  store.publish_tree(directory, layer.tree(), unpack_owned(store, tree, options, [&](const oci::UnpackOptions& owned) {
                       oci::unpack_layer(blob.get(), layer.blob, layer.diff_id, tree, owned);
                     }));
}

void copy_blob(const oci::Layout& from, const oci::Descriptor& blob, const oci::Layout& to,
               const std::function<void(std::uint64_t)>& on_chunk) {
  if (to.find_blob_size(blob.digest) == blob.size_bytes) return on_chunk(blob.size_bytes);
  const util::Fd source = from.open_blob(blob);
  oci::BlobWriter target = to.new_blob();
  std::vector<char> buffer(std::size_t{1} << 20);
  while (const std::size_t got = util::read_full(source.get(), buffer.data(), buffer.size(), blob.digest.text())) {
    target.write({buffer.data(), got});
    on_chunk(got);
  }
  target.commit(blob.digest);
}

}  // namespace

std::vector<TaggedImage> list_images(const Store& store) {
  std::vector<TaggedImage> images;
  for (auto& descriptor : store.layout().list_manifests()) {
    const auto name = descriptor.annotations.find(k_ref_name);
    if (name != descriptor.annotations.end()) images.push_back({name->second, descriptor});
  }
  return images;
}

std::optional<TaggedImage> find_image(const Store& store, const std::string& text) {
  const auto images = list_images(store);
  const std::string_view digits = std::string_view(text).starts_with("sha256:") ? std::string_view(text).substr(7) : std::string_view(text);
  if (is_hex(digits) && digits.size() >= k_least_prefix) {
    if (auto found = find_by_digest_prefix(images, digits)) return found;
    if (digits.size() != text.size()) return std::nullopt;
  }
  const auto reference = oci::Reference::parse(text);
  if (reference.digest() && reference.tag().empty()) {
    auto found = find_by_digest_prefix(images, reference.digest()->hex());
    return found;
  }
  const std::string name = reference.store_name(), familiar = familiar_name(name);
  auto found = std::find_if(images.begin(), images.end(), [&](const TaggedImage& image) { return image.name == name; });
  if (found == images.end())
    found = std::find_if(images.begin(), images.end(), [&](const TaggedImage& image) { return familiar_name(image.name) == familiar; });
  if (found == images.end() || (reference.digest() && !has_digest_prefix(found->descriptor, reference.digest()->hex())))
    return std::nullopt;
  return *found;
}

std::vector<Layer> unpack_layers(const Store& store, const oci::LoadedImage& image, oci::OverlayXattr xattr,
                                 const std::function<void(std::uint64_t, std::uint64_t)>& on_bytes) {
  std::vector<Layer> layers, missing;
  std::set<oci::Digest> seen;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    layers.push_back({image.config.diff_ids[i], image.manifest.layers[i]});
    if (store.has_tree(layers.back().tree()) || !seen.insert(layers.back().diff_id).second) continue;
    missing.push_back(layers.back());
    total += layers.back().blob.size_bytes;
  }
  std::atomic<std::uint64_t> done{0};
  std::atomic<bool> stop{false};
  util::run_in_parallel(missing.size(), std::clamp(std::thread::hardware_concurrency(), 1U, 8U), stop, [&](std::size_t i) {
    in_step("unpacking layer " + missing[i].blob.digest.short_text(), [&] {
      std::uint64_t last = 0;
      unpack_one(store, missing[i], xattr, [&](std::uint64_t bytes) {
        done += bytes - std::exchange(last, bytes);
        if (on_bytes) on_bytes(done, total);
      });
    });
  });
  return layers;
}

void copy_image(const oci::Layout& from, const oci::LoadedImage& image, const oci::Layout& to,
                const std::function<void(std::uint64_t, std::uint64_t)>& on_bytes) {
  std::uint64_t total = image.manifest.config.size_bytes + image.descriptor.size_bytes, done = 0;
  for (const auto& layer : image.manifest.layers) total += layer.size_bytes;
  const auto count = [&](std::uint64_t bytes) {
    done += bytes;
    if (on_bytes) on_bytes(done, total);
  };
  for (const auto& layer : image.manifest.layers) copy_blob(from, layer, to, count);
  copy_blob(from, image.manifest.config, to, count);
  if (from.has_blob(image.descriptor.digest)) return copy_blob(from, image.descriptor, to, count);
  to.put_blob(image.manifest.serialize());
  count(image.descriptor.size_bytes);
}

}  // namespace jcb::store
