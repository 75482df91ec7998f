// SPDX-License-Identifier: Apache-2.0
#include "build/image_writer.h"

#include "oci/convert.h"
#include "oci/media_type.h"
#include "util/text.h"

namespace jcb::build {
namespace {

oci::ImageConfig make_config(const ImageParts& parts) {
  oci::ImageConfig config = parts.base->config;
  config.created = util::format_rfc3339(parts.epoch);
  config.config = parts.config;
  if (parts.platform) config.platform = *parts.platform;
  if (!parts.author.empty()) config.author = parts.author;
  config.diff_ids.clear();
  for (const auto& layer : parts.base->layers) config.diff_ids.push_back(layer.diff_id);
  for (const auto& layer : parts.layers) config.diff_ids.push_back(layer.layer.diff_id);
  config.history.insert(config.history.end(), parts.history.begin(), parts.history.end());
  return config;
}

oci::Descriptor descriptor_of(std::string_view media_type, const oci::Layout& layout, const std::string& bytes) {
  return {std::string(media_type), layout.put_blob(bytes), bytes.size(), {}, std::nullopt, {}, {}};
}

}  // namespace

oci::Descriptor write_image(const oci::Layout& layout, const ImageParts& parts) {
  const auto config = descriptor_of(oci::k_media_config, layout, make_config(parts).serialize());
  oci::Manifest manifest{std::string(oci::k_media_manifest), {}, config, {}, std::nullopt, parts.annotations};
  for (const auto& layer : parts.base->layers) {
    manifest.layers.push_back(layer.blob);
    // A base with docker's manifest has docker's names for its layers, which an OCI manifest must not have.
    manifest.layers.back().media_type = oci::oci_layer_type(layer.blob.media_type);
  }
  for (const auto& layer : parts.layers) {
    manifest.layers.push_back(layer.layer.blob);
    manifest.layers.back().annotations = layer.annotations;
  }
  return descriptor_of(oci::k_media_manifest, layout, manifest.serialize());
}

}  // namespace jcb::build
