// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oci/digest.h"
#include "util/json_fwd.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace jcb::oci {

/// Operating system and processor of an image (image-spec image-index.md, "platform"); GOOS and GOARCH names.
struct Platform {
  std::string os = "linux";
  std::string architecture;  ///< "amd64", "arm64", ...
  std::string variant;       ///< "v8" or empty
  /// The platform of this machine.
  static Platform host();
  /// Parses OS/ARCH[/VARIANT], normalised (x86_64 -> amd64, aarch64 -> arm64). Throws Error(usage).
  static Platform parse(std::string_view text);
  std::string text() const;
  /// Whether an image for `image` runs where `this` is asked for (arm64 and arm64/v8 are one).
  bool accepts(const Platform& image) const;
  bool operator==(const Platform&) const = default;
};

/// What a blob is: type, digest and exact size (image-spec descriptor.md). Valid by construction.
struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size_bytes = 0;
  std::map<std::string, std::string> annotations;
  std::optional<Platform> platform;
  std::string artifact_type;
  std::vector<std::string> urls;  ///< kept for round trips, never fetched

  /// Reads one; strict about digest, size and types. Throws Error(invalid) naming `thing`.
  static Descriptor from_json(const util::Json& json, std::string_view thing);
  util::Json to_json() const;
  bool operator==(const Descriptor&) const = default;
};

}  // namespace jcb::oci
