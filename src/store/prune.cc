// SPDX-License-Identifier: Apache-2.0
#include "store/prune.h"

#include <sys/stat.h>

#include <set>

#include "jcbuild/error.h"
#include "store/images.h"

namespace jcb::store {
namespace {

std::uint64_t tree_bytes(const util::Root& root) {
  std::uint64_t total = 0;
  for (const auto& entry : root.list()) {
    const auto status = root.find_stat(entry.name);
    if (!status) continue;
    if (S_ISDIR(status->st_mode)) {
      total += tree_bytes(root.subroot(entry.name));
    } else if (status->st_nlink == 1) {
      total += static_cast<std::uint64_t>(status->st_blocks) * 512;  // the last name of its data
    }
  }
  return total;
}

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
    sweep();
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

  void mark_records() {
    for (const auto& key : m_store.list_steps()) {
      const auto record = m_store.read_step(key);
      if (!record) m_store.remove_step(key);
      if (record && record->tree) m_trees.insert(*record->tree);
      if (record && record->layer) m_trees.insert(record->layer->tree());
      if (record && record->layer) m_blobs.insert(record->layer->blob.digest);
    }
  }

  void drop_build_cache() {
    for (const auto& key : m_store.list_steps()) m_store.remove_step(key);
    for (const auto& directory : {m_store.path() / "cache" / "mounts", m_store.downloads(), m_store.logs()}) {
      const util::Root root = util::Root::open(directory);
      m_freed += tree_bytes(root);
      util::remove_children(root.fd(), directory.native());
    }
  }

  void sweep() {
    for (const auto& name : m_store.list_trees()) {
      if (m_trees.count(name) != 0) continue;
      m_freed += tree_bytes(m_store.tree(name));
      m_store.remove_tree(name);
    }
    for (const auto& digest : m_store.layout().list_blobs()) {
      if (m_blobs.count(digest) != 0) continue;
      m_freed += m_store.layout().find_blob_size(digest).value_or(0);
      m_store.layout().remove_blob(digest);
    }
  }

  const Store& m_store;
  std::set<oci::Digest> m_blobs;
  std::set<std::string> m_trees;
  std::uint64_t m_freed = 0;
};

}  // namespace

std::uint64_t prune(const Store& store, PruneScope scope) {
  const auto alone = store.own();
  store.reclaim();
  return Pruner(store).run(scope);
}

}  // namespace jcb::store
