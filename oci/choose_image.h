// SPDX-License-Identifier: Apache-2.0
// Which entry of an index is meant, and whether a manifest is an image's: the same for layouts and registries.
#pragma once

#include "oci/descriptor.h"
#include "oci/image_config.h"
#include "oci/manifest.h"

#include <string_view>

namespace jcb::oci {

/// How deep an index may lie in an index.
inline constexpr int k_max_index_depth = 2;

/// The entry that fits `platform` best: its variant exactly, then one that means the same (arm64 is arm64/v8), then for
/// arm the highest lower one; else the only entry that names no platform (layouts and archives often leave it out).
/// Throws Error(not_found) with the platforms that there are; `thing` names the index in it.
Descriptor choose_entry(const Index& index, const Platform& platform, std::string_view thing);

/// Throws Error(unsupported) unless the manifest is a container image's: an artifact (signature, SBOM, attestation) is a
/// manifest, too, but nothing that could be unpacked or run.
void check_is_image(const Manifest& manifest);

/// Throws Error(invalid) unless manifest and config agree on the number of layers.
void check_layer_count(const Manifest& manifest, const ImageConfig& config);

}  // namespace jcb::oci
