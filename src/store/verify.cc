// SPDX-License-Identifier: Apache-2.0
#include "store/verify.h"

#include <set>

#include "jcbuild/error.h"
#include "oci/layer/layer.h"
#include "store/origins.h"
#include "store/owned_trees.h"
#include "util/hash.h"

namespace jcb::store {
namespace {

class Verifier {
 public:
  Verifier(const Store& store, oci::OverlayXattr xattr, const std::function<void(const std::string&)>& on_item)
      : m_store(store), m_xattr(xattr), m_on_item(on_item) {}

  Verification run() {
    check_blobs();
    check_tags();
    check_records();
    check_layers();
    return std::move(m_result);
  }

 private:
  // Runs one check; whatever it throws becomes a problem of `what`.
  template <typename Check>
  void examine(const std::string& what, Check&& check) {
    if (m_on_item) m_on_item(what);
    try {
      check();
    } catch (const Error& error) {
      m_result.problems.push_back({what, error.message()});
    }
  }

  void check_blobs() {
    std::vector<std::string> stray;
    for (const auto& digest : m_store.layout().list_blobs(&stray)) {
      ++m_result.blobs;
      examine("blob " + digest.text(), [&] { check_blob(digest); });
    }
    for (const auto& name : stray) m_result.problems.push_back({"file " + name, "it is no blob"});
  }

  void check_blob(const oci::Digest& digest) {
    const util::Fd blob = m_store.layout().root().open_regular("blobs/sha256/" + digest.hex());
    util::Sha256 hash;
    std::vector<char> buffer(std::size_t{1} << 20);
    while (const std::size_t got = util::read_full(blob.get(), buffer.data(), buffer.size(), digest.text()))
      hash.update({buffer.data(), got});
    if (hash.hex() != digest.hex()) throw Error(ErrorKind::invalid, "its content has another digest");
  }

  void check_tags() {
    for (const auto& descriptor : m_store.layout().list_manifests()) {
      ++m_result.tags;
      const auto name = descriptor.annotations.find("org.opencontainers.image.ref.name");
      examine("tag " + (name == descriptor.annotations.end() ? descriptor.digest.text() : name->second), [&] { check_image(descriptor); });
    }
  }

  void check_image(const oci::Descriptor& descriptor) {
    if (oci::is_index_type(descriptor.media_type)) return check_index(descriptor);
    const auto image = oci::load_image(m_store.layout(), descriptor, {"linux", "", ""});
    for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
      const auto& layer = image.manifest.layers[i];
      const auto size = m_store.layout().find_blob_size(layer.digest);
      if (size == layer.size_bytes || (!size && can_be_had_again({image.config.diff_ids[i], layer}))) continue;
      throw Error(ErrorKind::invalid, "layer " + layer.digest.text() + " is missing or cut short");
    }
  }

  // A layer that was pulled has a tree, of this flavour or another, and a note where its blob is.
  bool can_be_had_again(const Layer& layer) const {
    if (find_origins(m_store, layer.blob.digest).empty()) return false;
    for (const auto flavour : {TreeFlavour::mapped, TreeFlavour::single, TreeFlavour::copied}) {
      if (Store::open(m_store.path(), flavour).has_tree(layer.tree())) return true;
    }
    return false;
  }

  void check_index(const oci::Descriptor& descriptor) {
    const auto index = oci::Index::parse(m_store.layout().read_blob(descriptor, oci::k_max_manifest_bytes), descriptor.media_type);
    for (const auto& entry : index.manifests) {
      if (m_store.layout().has_blob(entry.digest)) check_image(entry);
    }
  }

  void check_records() {
    for (const auto& key : m_store.list_steps()) {
      ++m_result.records;
      examine("record " + key, [&] { check_record(key); });
    }
  }

  void check_record(const std::string& key) {
    const auto record = m_store.read_step(key);
    if (!record) throw Error(ErrorKind::invalid, "it cannot be read");
    if (record->tree && !m_store.has_tree(*record->tree)) throw Error(ErrorKind::invalid, "its tree " + *record->tree + " is missing");
    if (!record->layer) return;
    if (!m_store.has_tree(record->layer->tree()))
      throw Error(ErrorKind::invalid, "its layer " + record->layer->tree() + " is not unpacked");
    if (!m_store.layout().has_blob(record->layer->blob.digest) && find_origins(m_store, record->layer->blob.digest).empty())
      throw Error(ErrorKind::invalid, "its blob " + record->layer->blob.digest.text() + " is missing");
    m_own_layers.insert(record->layer->tree());
  }

  void check_layers() {
    for (const auto& name : m_store.list_trees()) {
      ++m_result.layers;
      if (m_own_layers.count(name) != 0) examine("layer " + name, [&] { check_layer(name); });
    }
  }

  // A layer that we packed gives the same tar again; one that came from elsewhere may have been written differently.
  void check_layer(const std::string& name) {
    util::Sha256 hash;
    const util::OwnerTable owners = m_store.owners(name);
    oci::write_layer_tar(
        m_store.tree(name), m_xattr, [&](std::string_view bytes) { hash.update(bytes); }, table_for(m_store, owners));
    if (hash.hex() != name) throw Error(ErrorKind::invalid, "its unpacked tree has changed");
  }

  const Store& m_store;
  oci::OverlayXattr m_xattr;
  const std::function<void(const std::string&)>& m_on_item;
  std::set<std::string> m_own_layers;
  Verification m_result;
};

}  // namespace

Verification verify(const Store& store, oci::OverlayXattr xattr, const std::function<void(const std::string&)>& on_item) {
  return Verifier(store, xattr, on_item).run();
}

}  // namespace jcb::store
