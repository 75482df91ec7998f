// SPDX-License-Identifier: Apache-2.0
#include "store/pull.h"

#include <algorithm>
#include <set>
#include <thread>

#include "jcbuild/error.h"
#include "store/layer_pull.h"
#include "store/origins.h"
#include "store/partial_layer.h"
#include "util/parallel.h"

namespace jcb::store {
namespace {

// One more than processors, as one of them waits for the disk now and then; each has buffers of its own.
std::size_t worker_count() { return std::clamp<std::size_t>(std::thread::hardware_concurrency() + 1, 2, 4); }

// What gzip and zstd usually make of a layer's files.
std::uint64_t estimate_unpacked(const oci::Descriptor& blob) {
  return oci::layer_compression(blob.media_type) == oci::Compression::none ? blob.size_bytes : blob.size_bytes / 2 * 5;
}

template <typename Item>
void sort_by_size(std::vector<Item>& items, const oci::Descriptor& (*blob_of)(const Item&)) {
  std::stable_sort(items.begin(), items.end(), [&](const Item& a, const Item& b) { return blob_of(a).size_bytes > blob_of(b).size_bytes; });
}

const oci::Descriptor& blob_of_layer(const Layer& layer) { return layer.blob; }
const oci::Descriptor& blob_itself(const oci::Descriptor& blob) { return blob; }

// The connections of one pull and all that goes over them.
class Transfer {
 public:
  Transfer(DiskRoom room, oci::RemoteBlobs& remote, const PullOptions& options)
      : m_connections(remote, options.connections), m_room(std::move(room)), m_remote(remote), m_options(options) {}

  // The largest first: it takes longest, and the others fill the gaps.
  void pull_layers(const Store& store, std::vector<Layer> layers) {
    sort_by_size(layers, &blob_of_layer);
    std::uint64_t least = 0, estimate = 0;
    for (const auto& layer : layers) {
      const std::uint64_t present = partial_offset(store, layer);
      least += layer.blob.size_bytes - std::min(layer.blob.size_bytes, present);
      estimate += estimate_unpacked(layer.blob);
      if (m_options.keep_blobs) least += layer.blob.size_bytes, estimate += layer.blob.size_bytes;
    }
    m_room.require(least, estimate);
    run(layers.size(), [&](std::size_t i) { pull_layer(context(), store, layers[i], static_cast<unsigned>(i)); });
  }

  void pull_blobs(std::vector<oci::Descriptor> blobs, const oci::Layout& layout) {
    sort_by_size(blobs, &blob_itself);
    std::uint64_t total = 0;
    for (const auto& blob : blobs) total += blob.size_bytes;
    m_room.require(total, total);
    run(blobs.size(), [&](std::size_t i) { pull_blob(context(), layout, blobs[i], static_cast<unsigned>(i)); });
  }

 private:
  void run(std::size_t count, const std::function<void(std::size_t)>& work) {
    std::atomic<bool> stop{false};
    util::run_in_parallel(count, worker_count(), stop, [&](std::size_t i) {
      try {
        work(i);
      } catch (...) {
        m_connections.cancel();  // others may be waiting for bytes
        throw;
      }
    });
  }
  PullContext context() {
    return {m_remote, m_connections, m_room, m_options, m_options.progress != nullptr ? *m_options.progress : m_silent};
  }

  oci::ConnectionPool m_connections;
  DiskRoom m_room;
  oci::RemoteBlobs& m_remote;
  const PullOptions& m_options;
  SilentProgress m_silent;
};

void put_verified(const oci::Layout& layout, const oci::Descriptor& blob, const std::string& bytes) {
  if (layout.find_blob_size(blob.digest) == blob.size_bytes) return;
  oci::BlobWriter writer = layout.new_blob();
  writer.write(bytes);
  writer.commit(blob.digest);
}

std::vector<Layer> layers_of(const oci::LoadedImage& image) {
  std::vector<Layer> layers;
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) layers.push_back({image.config.diff_ids[i], image.manifest.layers[i]});
  return layers;
}

std::vector<Layer> find_missing_trees(const Store& store, const std::vector<Layer>& layers) {
  std::vector<Layer> missing;
  std::set<oci::Digest> seen;
  for (const auto& layer : layers) {
    if (!store.has_tree(layer.tree()) && seen.insert(layer.diff_id).second) missing.push_back(layer);
  }
  return missing;
}

std::vector<oci::Descriptor> find_missing_blobs(const oci::Layout& layout, const std::vector<Layer>& layers) {
  std::vector<oci::Descriptor> missing;
  std::set<oci::Digest> seen;
  for (const auto& layer : layers) {
    if (layout.find_blob_size(layer.blob.digest) != layer.blob.size_bytes && seen.insert(layer.blob.digest).second)
      missing.push_back(layer.blob);
  }
  return missing;
}

}  // namespace

std::vector<Layer> pull_image(const Store& store, oci::RemoteBlobs& remote, const oci::RemoteImage& image, const PullOptions& options) {
  const auto layers = layers_of(image.image);
  if (auto trees = find_missing_trees(store, layers); !trees.empty())
    Transfer(DiskRoom(util::Root::open(store.path()), store.path().native()), remote, options).pull_layers(store, std::move(trees));
  if (options.keep_blobs) fetch_blobs(store.layout(), remote, find_missing_blobs(store.layout(), layers), options);
  for (const auto& blob : find_missing_blobs(store.layout(), layers)) note_origin(store, blob.digest, remote.name());
  put_verified(store.layout(), image.image.manifest.config, image.config_bytes);
  put_verified(store.layout(), image.image.descriptor, image.manifest_bytes);
  return layers;
}

void fetch_blobs(const oci::Layout& layout, oci::RemoteBlobs& remote, const std::vector<oci::Descriptor>& blobs,
                 const PullOptions& options) {
  if (blobs.empty()) return;
  Transfer(DiskRoom(layout.root().duplicate(), layout.name()), remote, options).pull_blobs(blobs, layout);
}

}  // namespace jcb::store
