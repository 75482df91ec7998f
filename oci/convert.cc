// SPDX-License-Identifier: Apache-2.0
#include "oci/convert.h"

#include "oci/media_type.h"

namespace jcb::oci {

std::string oci_layer_type(std::string_view media_type) { return std::string(layer_media_type(layer_compression(media_type))); }

std::optional<LoadedImage> convert_to_oci(const LoadedImage& image) {
  if (image.descriptor.media_type == k_media_manifest) return std::nullopt;
  LoadedImage converted = image;
  converted.manifest.media_type = k_media_manifest;
  converted.manifest.config.media_type = k_media_config;
  for (Descriptor& layer : converted.manifest.layers) {
    layer.media_type = oci_layer_type(layer.media_type);
    layer.urls.clear();
  }
  const std::string bytes = converted.manifest.serialize();
  converted.descriptor.media_type = k_media_manifest;
  converted.descriptor.digest = Digest::of(bytes);
  converted.descriptor.size_bytes = bytes.size();
  return converted;
}

}  // namespace jcb::oci
