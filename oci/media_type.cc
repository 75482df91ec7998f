// SPDX-License-Identifier: Apache-2.0
#include "oci/media_type.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <array>
#include <string>

namespace jcb::oci {
namespace {

struct LayerType {
  std::string_view name;
  Compression compression;
};

// The nondistributable and foreign forms are deprecated, but images with them exist; their content is the same.
constexpr std::array k_layer_types{
    LayerType{k_media_layer, Compression::none},
    LayerType{k_media_layer_gzip, Compression::gzip},
    LayerType{k_media_layer_zstd, Compression::zstd},
    LayerType{k_docker_layer, Compression::none},
    LayerType{k_docker_layer_gzip, Compression::gzip},
    LayerType{"application/vnd.docker.image.rootfs.diff.tar.zstd", Compression::zstd},
    LayerType{"application/vnd.oci.image.layer.nondistributable.v1.tar", Compression::none},
    LayerType{"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", Compression::gzip},
    LayerType{"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", Compression::zstd},
    LayerType{"application/vnd.docker.image.rootfs.foreign.diff.tar", Compression::none},
    LayerType{"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Compression::gzip},
};

}  // namespace

bool is_index_type(std::string_view media_type) noexcept { return media_type == k_media_index || media_type == k_docker_manifest_list; }

bool is_manifest_type(std::string_view media_type) noexcept { return media_type == k_media_manifest || media_type == k_docker_manifest; }

bool is_config_type(std::string_view media_type) noexcept { return media_type == k_media_config || media_type == k_docker_config; }

Compression layer_compression(std::string_view media_type) {
  for (const LayerType& type : k_layer_types) {
    if (type.name == media_type) return type.compression;
  }
  throw Error(ErrorKind::unsupported, "media type '" + util::escape_text(media_type) + "' is not that of a layer");
}

std::string_view layer_media_type(Compression compression) noexcept {
  switch (compression) {
    case Compression::gzip:
      return k_media_layer_gzip;
    case Compression::zstd:
      return k_media_layer_zstd;
    case Compression::none:
      break;
  }
  return k_media_layer;
}

}  // namespace jcb::oci
