// SPDX-License-Identifier: Apache-2.0
#include "store/prune.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "jcbuild/error.h"
#include "store/images.h"
#include "store/origins.h"
#include "store/partial_layer.h"
#include "store/usage.h"
#include "util/text.h"

namespace jcb::store {
namespace {

class Pruner {
 public:
  explicit Pruner(const Store& store) : m_store(store) {}

  std::uint64_t run(PruneScope scope) {
    for (const auto& descriptor : m_store.layout().list_manifests()) mark_manifest(descriptor, 0);
    if (scope == PruneScope::build_cache) {
      drop_build_cache();
    } else {
      mark_records();
    }
    sweep_trees(m_store);
    // The other flavours: what a user with a single id made is his also where he has more of them, but not the reverse.
    if (m_store.flavour() == TreeFlavour::mapped) {
      for (const auto flavour : {TreeFlavour::single, TreeFlavour::copied}) sweep_trees(Store::open(m_store.path(), flavour));
    }
    sweep_blobs();
    sweep_origins();
    return m_freed;
  }

 private:
  void mark_manifest(const oci::Descriptor& descriptor, int depth) {
    m_blobs.insert(descriptor.digest);
    try {
      if (oci::is_index_type(descriptor.media_type)) {
        const auto index = oci::Index::parse(m_store.layout().read_blob(descriptor, oci::k_max_manifest_bytes));
        for (const auto& entry : index.manifests) {
          if (depth < 4) mark_manifest(entry, depth + 1);
        }
        return;
      }
      const auto image = oci::load_image(m_store.layout(), descriptor, {"linux", "", ""});
      m_blobs.insert(image.manifest.config.digest);
      for (const auto& layer : image.manifest.layers) m_blobs.insert(layer.digest);
      for (const auto& diff_id : image.config.diff_ids) m_trees.insert(diff_id.hex());
    } catch (const Error&) {
      // What cannot be read marks nothing further; verify reports it.
    }
  }

  void mark(const StepRecord& record) {
    if (record.tree) m_trees.insert(*record.tree);
    if (record.layer) m_trees.insert(record.layer->tree());
    if (record.layer) m_blobs.insert(record.layer->blob.digest);
  }

  void mark_records() {
    for (const auto& key : m_store.list_steps()) {
      const auto record = m_store.read_step(key);
      if (!record) m_store.remove_step(key);
      if (record) mark(*record);
    }
  }

  void drop_build_cache() {
    for (const auto& key : m_store.list_steps()) m_store.remove_step(key);
    for (const auto& directory :
         {m_store.path() / "cache" / "mounts", m_store.path() / "cache" / "notes", m_store.downloads(), m_store.logs()}) {
      const util::Root root = util::Root::open(directory);
      m_freed += removable_bytes(root);
      util::remove_children(root.fd(), directory.native());
    }
  }

  void sweep_trees(const Store& store) {
    for (const auto& name : store.list_trees()) {
      if (m_trees.count(name) != 0) continue;
      m_freed += removable_bytes(store.tree(name));
      store.remove_tree(name);
    }
    store.remove_stray_owners();
  }

  void sweep_blobs() {
    for (const auto& digest : m_store.layout().list_blobs()) {
      if (m_blobs.count(digest) != 0) continue;
      m_freed += m_store.layout().find_blob_size(digest).value_or(0);
      m_store.layout().remove_blob(digest);
    }
  }

  // A note is of use only while something refers to the blob.
  void sweep_origins() {
    for (const auto& digest : list_origins(m_store)) {
      if (m_blobs.count(digest) == 0) forget_origin(m_store, digest);
    }
  }

  const Store& m_store;
  std::set<oci::Digest> m_blobs;
  std::set<std::string> m_trees;
  std::uint64_t m_freed = 0;
};

// A step result or a cache mount, and when it was last used.
struct CacheItem {
  timespec used{};
  std::string key;    // of a record, or
  std::string mount;  // the name of a cache mount
};

std::vector<CacheItem> list_by_age(const Store& store) {
  std::vector<CacheItem> items;
  for (const auto& key : store.list_steps()) items.push_back({store.step_used(key), key, {}});
  const util::Root mounts = util::Root::open(store.path() / "cache" / "mounts");
  for (const auto& entry : mounts.list()) {
    if (const auto status = mounts.find_stat(entry.name)) items.push_back({status->st_mtim, {}, entry.name});
  }
  const auto rank = [](const CacheItem& item) { return std::tie(item.used.tv_sec, item.used.tv_nsec, item.key, item.mount); };
  std::sort(items.begin(), items.end(), [&](const CacheItem& a, const CacheItem& b) { return rank(a) < rank(b); });
  return items;
}

// Drops a sixteenth of the items; returns the bytes of the cache mounts among them.
std::uint64_t drop_oldest(const Store& store, std::vector<CacheItem>& items) {
  const std::size_t count = (items.size() + 15) / 16;
  std::uint64_t freed = 0;
  const util::Root mounts = util::Root::open(store.path() / "cache" / "mounts");
  for (std::size_t i = 0; i < count; ++i) {
    if (!items[i].key.empty()) store.remove_step(items[i].key);
    if (items[i].mount.empty()) continue;
    freed += removable_bytes(mounts.subroot(items[i].mount));
    mounts.remove_tree(items[i].mount);
  }
  items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(count));
  return freed;
}

}  // namespace

std::uint64_t prune(const Store& store, PruneScope scope, std::optional<std::uint64_t> keep_bytes) {
  const auto alone = store.own();
  store.reclaim();
  std::uint64_t freed = remove_partial_layers(store);
  freed += Pruner(store).run(scope);
  if (!keep_bytes) return freed;
  const util::Root root = util::Root::open(store.path());
  std::uint64_t used = disk_usage(root);
  // The oldest ones again and again: each round is a whole mark and sweep, so that what several results share is kept for
  // as long as one of them is. What a round frees is estimated (directories shrink too), so the disk is asked at the end.
  for (auto items = list_by_age(store); used > *keep_bytes && !items.empty();) {
    std::uint64_t now = drop_oldest(store, items) + Pruner(store).run(PruneScope::garbage);
    freed += now;
    used = now < used - *keep_bytes ? used - now : disk_usage(root);
  }
  if (used > *keep_bytes)
    throw Error(ErrorKind::failed, "the store still occupies " + util::format_bytes(used) + ": its images need that",
                "remove images with jcbuild rmi, then prune again");
  return freed;
}

}  // namespace jcb::store
