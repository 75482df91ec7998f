// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oci/descriptor.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::oci {

/// The limits of docs/security.md on what is read from outside.
inline constexpr std::uint64_t k_max_manifest_bytes = std::uint64_t{4} << 20;
inline constexpr std::uint64_t k_max_config_bytes = std::uint64_t{8} << 20;
inline constexpr std::size_t k_max_layers = 1000;
inline constexpr std::size_t k_max_manifests = 1000;

/// An image manifest (image-spec manifest.md; docker v2 schema 2 reads into the same).
struct Manifest {
  std::string media_type;
  std::string artifact_type;
  Descriptor config;
  std::vector<Descriptor> layers;
  std::optional<Descriptor> subject;
  std::map<std::string, std::string> annotations;

  /// Parses strictly: schemaVersion 2, one config, layers that are layers, no `manifests` beside `layers`
  /// (CVE-2021-41190), a mediaType that agrees with `expected_media_type` where that is not empty. Throws Error(invalid).
  static Manifest parse(std::string_view bytes, std::string_view expected_media_type = {});
  /// The canonical bytes: fixed key order, no white space. Their digest is the image's identity.
  std::string serialize() const;
  bool operator==(const Manifest&) const = default;
};

/// An image index (image-spec image-index.md; docker manifest lists read into the same).
struct Index {
  std::string media_type;
  std::vector<Descriptor> manifests;
  std::map<std::string, std::string> annotations;

  static Index parse(std::string_view bytes, std::string_view expected_media_type = {});
  std::string serialize() const;
  bool operator==(const Index&) const = default;
};

}  // namespace jcb::oci
