// SPDX-License-Identifier: Apache-2.0
#include "api/remote_image.h"

#include <set>

#include "jcbuild/error.h"
#include "oci/media_type.h"
#include "store/origins.h"

namespace jcb::api {
namespace {

constexpr int k_most_depth = 2;

oci::Layout make_layout(store::Workspace& workspace, const std::string& name) {
  return oci::Layout::create(util::Root::open(workspace.make_directory("remote")), name);
}

oci::RemoteManifest require_manifest(oci::RegistryClient& client, const oci::Digest& digest) {
  auto manifest = client.find_manifest(digest.text());
  if (!manifest) throw Error(ErrorKind::not_found, client.name() + " has no manifest " + digest.text());
  return std::move(*manifest);
}

}  // namespace

RemoteDocuments::RemoteDocuments(Session::Parts& parts, const oci::Reference& reference, const oci::Platform& platform, Platforms platforms)
    : m_parts(parts),
      m_found(parts.registries().find(reference)),
      m_workspace(parts.store().make_workspace()),
      m_layout(make_layout(m_workspace, m_found.reference.text())),
      m_root(m_found.descriptor) {
  in_step("reading " + m_found.reference.text(), [&] {
    if (platforms == Platforms::one) {
      const auto remote = oci::fetch_image(*m_found.client, m_root.digest.text(), platform);
      m_root = remote.image.descriptor;
      m_layout.put_blob(remote.manifest_bytes);
      m_layout.put_blob(remote.config_bytes);
      m_layers = remote.image.manifest.layers;
      return;
    }
    const auto root = require_manifest(*m_found.client, m_root.digest);
    if (oci::is_index_type(root.descriptor.media_type))
      fetch_index(root, platform, 0);
    else
      fetch_manifest(root);
    m_root = root.descriptor;
  });
}

void RemoteDocuments::fetch_index(const oci::RemoteManifest& index, const oci::Platform& platform, int depth) {
  if (depth == k_most_depth) throw Error(ErrorKind::invalid, "indexes are nested deeper than " + std::to_string(k_most_depth));
  for (const auto& entry : oci::Index::parse(index.bytes, index.descriptor.media_type).manifests) {
    if (m_layout.has_blob(entry.digest)) continue;
    const auto document = require_manifest(*m_found.client, entry.digest);
    if (oci::is_index_type(document.descriptor.media_type))
      fetch_index(document, platform, depth + 1);
    else
      fetch_manifest(document);
  }
  m_layout.put_blob(index.bytes);
}

void RemoteDocuments::fetch_manifest(const oci::RemoteManifest& document) {
  const auto manifest = oci::Manifest::parse(document.bytes, document.descriptor.media_type);
  m_layout.put_blob(m_found.client->read_small_blob(manifest.config, oci::k_max_config_bytes));
  m_layers.insert(m_layers.end(), manifest.layers.begin(), manifest.layers.end());
  m_layout.put_blob(document.bytes);
}

void RemoteDocuments::fetch_layers(const oci::Layout& into, TaskId parent) const {
  std::vector<oci::Descriptor> distinct;
  std::set<oci::Digest> seen;
  for (const auto& layer : m_layers) {
    if (seen.insert(layer.digest).second) distinct.push_back(layer);
  }
  store::fetch_blobs(into, *m_found.client, distinct, pull_options(m_parts, parent));
}

void RemoteDocuments::note_origins() const {
  for (const auto& layer : m_layers) store::note_origin(m_parts.store(), layer.digest, m_found.client->name());
}

store::PullOptions pull_options(Session::Parts& parts, TaskId parent) {
  store::PullOptions options;
  options.overlay_xattr = parts.overlay_xattr();
  options.connections = parts.connections();
  options.progress = &parts.progress();
  options.parent = parent;
  return options;
}

store::PushOptions push_options(Session::Parts& parts, TaskId parent) {
  store::PushOptions options;
  options.connections = parts.options.target_registry.value_or(parts.options.registry).connections;
  options.progress = &parts.progress();
  options.parent = parent;
  options.open_origin = [&parts](const std::string& name) { return parts.registries().open_by_name(name); };
  return options;
}

SourceImage open_source(Session::Parts& parts, const std::string& text, const oci::Platform& platform) {
  const auto name = oci::ImageName::parse(text);
  if (name.transport == oci::Transport::registry) {
    auto remote = std::make_unique<RemoteDocuments>(parts, *name.reference, platform, Platforms::one);
    auto image = oci::load_image(remote->layout(), remote->root(), platform);
    const std::string named = remote->reference().store_name();
    return {std::move(remote), nullptr, std::move(image), {named}};
  }
  auto opened = std::make_unique<store::OpenedImage>(store::open_image(parts.store(), name, platform));
  auto image = opened->image;
  auto names = opened->names;
  return {nullptr, std::move(opened), std::move(image), std::move(names)};
}

SourceImage open_whole_source(Session::Parts& parts, const std::string& name, const oci::Platform& platform, TaskId parent) {
  auto source = open_source(parts, name, platform);
  if (source.remote) source.remote->fetch_layers(source.remote->layout(), parent);
  if (source.opened && oci::ImageName::parse(name).transport == oci::Transport::store)
    store::complete_blobs(parts.store(), source.image, push_options(parts, parent));
  return source;
}

}  // namespace jcb::api
