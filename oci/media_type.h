// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace jcb::oci {

// image-spec media-types.md, and the docker v2 schema 2 names that mean the same.
inline constexpr std::string_view k_media_index = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view k_media_manifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view k_media_config = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view k_media_layer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view k_media_layer_gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view k_media_layer_zstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr std::string_view k_docker_manifest_list = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view k_docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view k_docker_config = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view k_docker_layer_gzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";
inline constexpr std::string_view k_docker_layer = "application/vnd.docker.image.rootfs.diff.tar";

/// How the bytes of a layer blob are compressed.
enum class Compression { none, gzip, zstd };

/// Whether the type names an index (or docker manifest list) / an image manifest / an image config.
bool is_index_type(std::string_view media_type) noexcept;
bool is_manifest_type(std::string_view media_type) noexcept;
bool is_config_type(std::string_view media_type) noexcept;
/// The compression that a layer media type declares (nondistributable and foreign forms included). Throws
/// Error(unsupported) for a type that is no layer.
Compression layer_compression(std::string_view media_type);
/// The OCI layer media type of a compression.
std::string_view layer_media_type(Compression compression) noexcept;

}  // namespace jcb::oci
