// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "oci/reference.h"
#include "oci/registry/registries.h"
#include "store/images.h"
#include "store/pull.h"
#include "store/store.h"

namespace jcb::store {

/// An image of a registry that is in the store now.
struct PulledImage {
  TaggedImage tagged;
  oci::LoadedImage image;
  std::vector<Layer> layers;  ///< bottom first, all unpacked
  bool fetched = false;       ///< false: it was there already
};

/// Asks the registry what `reference` stands for and brings that into the store, unless it is there, under the tag
/// `reference.store_name()`; a reference with a digest and no tag is tagged with its digest. The tag's descriptor remembers
/// what the reference stood for when that was an index (k_source_digest), so that it is found by that digest, too.
/// Needs what pull_image needs. Throws Error; nothing is tagged then.
PulledImage pull_reference(const Store& store, oci::Registries& registries, const oci::Reference& reference, const oci::Platform& platform,
                           const PullOptions& options);

}  // namespace jcb::store
