// SPDX-License-Identifier: Apache-2.0
// What a push consists of, read from the layout before anything is sent.
#pragma once

#include <vector>

#include "oci/layout.h"

namespace jcb::store {

/// A blob that the registry needs to have.
struct PushBlob {
  oci::Descriptor descriptor;
  bool is_layer = false;  ///< else a config
  bool is_local = false;  ///< the layout has it
};

/// Blobs each once, the largest first: the one that takes longest begins first. Manifests and indexes children first, the
/// image itself last.
struct PushPlan {
  std::vector<PushBlob> blobs;
  std::vector<oci::Descriptor> manifests;

  std::uint64_t total_bytes() const;
};

/// Reads the manifest or index `image` with everything below it. Entries of an index that are not in the layout are left
/// out, all of them missing is Error(not_found); so are layers that are not distributed, when they are not here. Throws
/// Error(invalid) for a blob that has not the size it should, and for indexes nested deeper than 2.
PushPlan plan_push(const oci::Layout& layout, const oci::Descriptor& image);

}  // namespace jcb::store
