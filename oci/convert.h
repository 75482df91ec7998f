// SPDX-License-Identifier: Apache-2.0
// docker's image formats as OCI's: the documents say the same under other names, and configs and layers stay as they are.
// Tools that read layouts and archives know OCI's types only.
#pragma once

#include <optional>

#include "oci/layout.h"

namespace jcb::oci {

/// The OCI layer type of the same compression; foreign and nondistributable layers become ordinary ones.
std::string oci_layer_type(std::string_view media_type);

/// The image under an OCI manifest, whose bytes are `manifest.serialize()` and are in no layout yet; nothing when it has one
/// already.
std::optional<LoadedImage> convert_to_oci(const LoadedImage& image);

}  // namespace jcb::oci
