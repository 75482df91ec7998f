// SPDX-License-Identifier: Apache-2.0
// A registry's image as if it were in a layout: its documents are, its layers stay where they are until somebody needs them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/parts.h"
#include "oci/layout.h"
#include "oci/reference.h"
#include "oci/registry/registries.h"
#include "store/pull.h"
#include "store/push.h"
#include "store/source.h"

namespace jcb::api {

/// Which images of an index are meant.
enum class Platforms { one, all };

/// The documents of a remote image in a temporary layout.
class RemoteDocuments {
 public:
  /// Fetches the manifest and config for `platform`, or everything below an index. Throws Error.
  RemoteDocuments(Session::Parts& parts, const oci::Reference& reference, const oci::Platform& platform, Platforms platforms);

  const oci::Layout& layout() const noexcept { return m_layout; }
  /// The image or the index, as asked for.
  const oci::Descriptor& root() const noexcept { return m_root; }
  /// HOST/REPO:TAG.
  const oci::Reference& reference() const noexcept { return m_found.reference; }
  /// Fetches the layers of all images into a layout, verified.
  void fetch_layers(const oci::Layout& into, TaskId parent) const;
  /// Notes for push that the layers can be had from this repository.
  void note_origins() const;

 private:
  void fetch_index(const oci::RemoteManifest& index, const oci::Platform& platform, int depth);
  void fetch_manifest(const oci::RemoteManifest& manifest);

  Session::Parts& m_parts;
  oci::Registries::Found m_found;
  store::Workspace m_workspace;
  oci::Layout m_layout;
  oci::Descriptor m_root;
  std::vector<oci::Descriptor> m_layers;  // of all images
};

/// The options for downloads and uploads of a session.
store::PullOptions pull_options(Session::Parts& parts, TaskId parent);
store::PushOptions push_options(Session::Parts& parts, TaskId parent);

/// store::open_image for registries, too: of those, documents only.
struct SourceImage {
  std::unique_ptr<RemoteDocuments> remote;  ///< null: it is no registry's
  std::unique_ptr<store::OpenedImage> opened;
  oci::LoadedImage image;
  std::vector<std::string> names;  ///< that the source gives it, may be empty

  const oci::Layout& layout() const { return remote ? remote->layout() : opened->layout; }
  std::string first_name() const { return names.empty() ? "" : names.front(); }
};
SourceImage open_source(Session::Parts& parts, const std::string& name, const oci::Platform& platform);

/// As open_source, with all layers where `layout()` says: fetched where the registry, or the store, does not have them here.
SourceImage open_whole_source(Session::Parts& parts, const std::string& name, const oci::Platform& platform, TaskId parent);

}  // namespace jcb::api
