// SPDX-License-Identifier: Apache-2.0
#include "build/cache_place.h"

#include <set>

#include "jcbuild/error.h"
#include "oci/media_type.h"

namespace jcb::build {
namespace {

oci::Descriptor put(const oci::Layout& layout, std::string_view media_type, const std::string& bytes) {
  return {std::string(media_type), layout.put_blob(bytes), bytes.size(), {}, std::nullopt, {}, {}};
}

void remove_unused(const oci::Layout& layout) {
  std::set<oci::Digest> used;
  for (const auto& descriptor : layout.list_manifests()) {
    used.insert(descriptor.digest);
    if (!oci::is_manifest_type(descriptor.media_type)) return;  // more than we know of
    const auto manifest = oci::Manifest::parse(layout.read_blob(descriptor, oci::k_max_manifest_bytes));
    used.insert(manifest.config.digest);
    for (const auto& layer : manifest.layers) used.insert(layer.digest);
  }
  for (const auto& digest : layout.list_blobs()) {
    if (used.count(digest) == 0) layout.remove_blob(digest);
  }
}

class LayoutCache final : public CachePlace {
 public:
  LayoutCache(oci::Layout layout, const std::string& tag) : m_layout(std::move(layout)), m_tag(tag), m_name(m_layout.name() + ":" + tag) {}

  const std::string& name() const override { return m_name; }
  std::optional<oci::Manifest> find() override {
    const auto descriptor = m_layout.find_tag(m_tag);
    if (!descriptor) return std::nullopt;
    return oci::Manifest::parse(m_layout.read_blob(*descriptor, oci::k_max_manifest_bytes), descriptor->media_type);
  }
  std::string read_small_blob(const oci::Descriptor& blob) override { return m_layout.read_blob(blob, oci::k_max_config_bytes); }
  util::Fd open_blob(const oci::Descriptor& blob) override { return m_layout.open_blob(blob); }
  bool has_blob(const oci::Digest& digest) override { return m_layout.has_blob(digest); }
  const oci::Layout& staging() override { return m_layout; }
  void publish(const oci::Manifest& manifest, const std::string& config) override {
    m_layout.put_blob(config);
    m_layout.set_tag(m_tag, put(m_layout, oci::k_media_manifest, manifest.serialize()));
    remove_unused(m_layout);
  }

 private:
  oci::Layout m_layout;
  std::string m_tag, m_name;
};

// Blobs come and go through a layout in a workspace, which ends with this object.
class RegistryCache final : public CachePlace {
 public:
  RegistryCache(const store::Store& store, std::shared_ptr<oci::RegistryClient> client, const std::string& tag, RemoteCacheOptions options)
      : m_store(store),
        m_client(std::move(client)),
        m_tag(tag),
        m_name(m_client->name() + ":" + tag),
        m_options(std::move(options)),
        m_workspace(store.make_workspace()),
        m_layout(oci::Layout::create(util::Root::open(m_workspace.make_directory("cache")), m_name)) {}

  const std::string& name() const override { return m_name; }
  std::optional<oci::Manifest> find() override {
    const auto found = m_client->find_manifest(m_tag);
    if (!found) return std::nullopt;
    return oci::Manifest::parse(found->bytes, found->descriptor.media_type);
  }
  std::string read_small_blob(const oci::Descriptor& blob) override { return m_client->read_small_blob(blob, oci::k_max_config_bytes); }
  util::Fd open_blob(const oci::Descriptor& blob) override {
    store::fetch_blobs(m_layout, *m_client, {blob}, m_options.pull);
    util::Fd file = m_layout.open_blob(blob);
    m_layout.remove_blob(blob.digest);  // the descriptor is enough, and the disk may be small
    return file;
  }
  bool has_blob(const oci::Digest& digest) override { return m_client->has_blob(digest); }
  const oci::Layout& staging() override { return m_layout; }
  void publish(const oci::Manifest& manifest, const std::string& config) override {
    m_layout.put_blob(config);
    store::push_image(m_store, m_layout, put(m_layout, oci::k_media_manifest, manifest.serialize()), *m_client, {m_tag}, m_options.push);
  }

 private:
  const store::Store& m_store;
  std::shared_ptr<oci::RegistryClient> m_client;
  std::string m_tag, m_name;
  RemoteCacheOptions m_options;
  store::Workspace m_workspace;
  oci::Layout m_layout;
};

}  // namespace

std::unique_ptr<CachePlace> make_layout_cache(oci::Layout layout, const std::string& tag) {
  return std::make_unique<LayoutCache>(std::move(layout), tag);
}

std::unique_ptr<CachePlace> make_registry_cache(const store::Store& store, std::shared_ptr<oci::RegistryClient> client,
                                                const std::string& tag, RemoteCacheOptions options) {
  return std::make_unique<RegistryCache>(store, std::move(client), tag, std::move(options));
}

}  // namespace jcb::build
