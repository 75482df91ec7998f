// SPDX-License-Identifier: Apache-2.0
// An image of a layout to a registry: blobs first, in parallel and each asked for before it is sent, manifests last.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "jcbuild/progress.h"
#include "oci/registry/registries.h"
#include "oci/registry/registry_client.h"
#include "store/store.h"

namespace jcb::store {

struct PushOptions {
  unsigned connections = 8;  ///< uploads at once
  Progress* progress = nullptr;
  TaskId parent = 0;
  /// Opens a repository by its name, for blobs that are not here (origins.h); empty: they are missing then.
  std::function<std::shared_ptr<oci::RegistryClient>(const std::string& name)> open_origin;
};

/// Pushes the manifest or index `image` of `layout` with everything below it under `references` (tags; empty: by digest).
/// When the first already stands for this digest and nothing else is asked, one request is all. A blob that is not in the
/// layout is mounted where its origin is in the same registry, else fetched from its origin into a workspace (two at once at
/// most) and passed on. `store` tells origins and notes new ones; `layout` is usually the store's own. Needs Store::share.
/// Throws Error; nothing is tagged then. What cannot be pushed (a damaged blob, one that nobody has) is found out before
/// anything is sent.
void push_image(const Store& store, const oci::Layout& layout, const oci::Descriptor& image, oci::RegistryClient& client,
                const std::vector<std::string>& references, const PushOptions& options);

/// Makes `layout` (the store's own) hold all blobs of `image` by fetching those that are missing from their origins.
/// Throws Error(not_found) naming the first blob that nobody has, with a hint.
void complete_blobs(const Store& store, const oci::LoadedImage& image, const PushOptions& options);

}  // namespace jcb::store
