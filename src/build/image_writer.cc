// SPDX-License-Identifier: Apache-2.0
#include "build/image_writer.h"

#include "jcbuild/error.h"
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

std::string docker_layer_type(const oci::Descriptor& layer) {
  switch (oci::layer_compression(layer.media_type)) {
    case oci::Compression::none:
      return std::string(oci::k_docker_layer);
    case oci::Compression::gzip:
      return std::string(oci::k_docker_layer_gzip);
    case oci::Compression::zstd:
      break;
  }
  throw Error(ErrorKind::unsupported, "docker's image format knows no zstd, and layer " + layer.digest.text() + " is zstd",
              "use --compression gzip, and a base that is not zstd, or --format oci");
}

// Layers in docker's format have no annotations.
void use_docker_types(oci::Manifest& manifest) {
  if (!manifest.annotations.empty()) throw Error(ErrorKind::unsupported, "docker's image format has no annotations", "use --format oci");
  manifest.media_type = oci::k_docker_manifest;
  for (auto& layer : manifest.layers) {
    layer.media_type = docker_layer_type(layer);
    layer.annotations.clear();
  }
}

}  // namespace

oci::Descriptor write_image(const oci::Layout& layout, const ImageParts& parts) {
  const auto config_type = parts.docker_format ? oci::k_docker_config : oci::k_media_config;
  const auto config = descriptor_of(config_type, layout, make_config(parts).serialize());
  oci::Manifest manifest{std::string(oci::k_media_manifest), {}, config, {}, std::nullopt, parts.annotations};
  for (const auto& layer : parts.base->layers) manifest.layers.push_back(layer.blob);
  for (const auto& layer : parts.layers) {
    manifest.layers.push_back(layer.layer.blob);
    manifest.layers.back().annotations = layer.annotations;
  }
  if (parts.docker_format) use_docker_types(manifest);
  return descriptor_of(manifest.media_type, layout, manifest.serialize());
}

}  // namespace jcb::build
