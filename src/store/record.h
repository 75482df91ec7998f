// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "oci/descriptor.h"

namespace jcb::store {

/// A committed layer: its blob in the layout, and the directory `layers/<diff id>` that overlay mounts use.
struct Layer {
  oci::Digest diff_id;
  oci::Descriptor blob;
  /// The name of the unpacked directory below `layers/`.
  const std::string& tree() const noexcept { return diff_id.hex(); }
  bool operator==(const Layer&) const = default;
};

/// What a step (or a whole package) produced, stored under its key in `cache/steps/<xx>/<key>.json`:
///   {"version":2,"output":"…","tree":"tree-<digest>"|null,"layer":{"diff_id":…,"blob":{…}}|null,"seconds":N,
///    "check":"<sha256 of the rest>"}
/// A record without tree and layer says that the step changed no file. The check makes a torn record (power cut before
/// its data reached the disk) a miss, so that writing one needs no fsync; what it refers to was flushed before.
struct StepRecord {
  std::string output;  ///< the digest of what came out, for whoever goes on from there; empty: nothing changed
  std::optional<std::string> tree;
  std::optional<Layer> layer;
  double seconds = 0;  ///< how long it took when it really ran; shown to people only

  std::string serialize() const;
  /// Nothing when the text is torn or of another version.
  static std::optional<StepRecord> parse(std::string_view text);
  bool operator==(const StepRecord&) const = default;
};

}  // namespace jcb::store
