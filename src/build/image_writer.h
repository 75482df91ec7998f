// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "build/stage.h"
#include "oci/layout.h"

namespace jcb::build {

/// A layer of the image to be, and annotations for its descriptor.
struct ImageLayer {
  store::Layer layer;
  std::map<std::string, std::string> annotations;
};

/// All that an image consists of.
struct ImageParts {
  const Base* base = nullptr;
  std::vector<ImageLayer> layers;          ///< above the base's
  std::vector<oci::HistoryEntry> history;  ///< above the base's; as many lines with a layer as there are layers
  oci::ExecutionConfig config;
  std::optional<oci::Platform> platform;  ///< nothing: the base's
  std::string author;                     ///< empty: the base's
  std::int64_t epoch = 0;                 ///< becomes `created`
  std::map<std::string, std::string> annotations;
};

/// Writes config and manifest into the layout and returns the manifest's descriptor. No tag. Same parts, same bytes.
oci::Descriptor write_image(const oci::Layout& layout, const ImageParts& parts);

}  // namespace jcb::build
