// SPDX-License-Identifier: Apache-2.0
// A remote image into the store: layers are hashed, decompressed and unpacked while they arrive, several at once and the
// large ones in parts (docs/design/004-registries.md).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "jcbuild/progress.h"
#include "oci/layer/layer.h"
#include "oci/registry/registry_client.h"
#include "oci/registry/remote_blobs.h"
#include "store/store.h"

namespace jcb::store {

struct PullOptions {
  oci::OverlayXattr overlay_xattr = oci::OverlayXattr::user;
  bool keep_blobs = false;   ///< also keep the compressed blobs, so that they can be pushed or served again
  unsigned connections = 8;  ///< at once, of all layers together; 1 to 64
  Progress* progress = nullptr;
  TaskId parent = 0;
};

/// Brings manifest, config and all layers of `image` into the store and returns the layers bottom first. What is there is
/// not fetched again; what another process is fetching is waited for; a layer that was cut off goes on where it stood.
/// Everything is verified before it is published, manifest last. Checks first that the file system has room, and says how
/// much is needed when not (Error(failed)). Sets no tag. Needs enter_isolation and Store::share.
std::vector<Layer> pull_image(const Store& store, oci::RemoteBlobs& remote, const oci::RemoteImage& image, const PullOptions& options);

/// Fetches blobs into `layout` as they are, verified, in parallel and in parts; those that are there stay.
void fetch_blobs(const oci::Layout& layout, oci::RemoteBlobs& remote, const std::vector<oci::Descriptor>& blobs,
                 const PullOptions& options);

}  // namespace jcb::store
