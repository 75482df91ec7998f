// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "oci/digest.h"

namespace jcb::compose {

/// What names a package's layer. It has the closure form already: a package's own inputs, the keys of its direct
/// dependencies, and what it was really built on. While packages are stacked one on the other, `built_on` are all layers
/// below; once each is built on the composition of its own closure, it will be that composition, and nothing else changes.
struct PackageKey {
  std::string inputs;                     ///< the key of its last step: Dockerfile, arguments, environment, files
  std::vector<std::string> dependencies;  ///< keys of its direct dependencies, sorted
  std::vector<oci::Digest> built_on;      ///< diff IDs below it, bottom first
  std::string compression;                ///< "zstd:0": the blob is part of the result

  /// The key as 64 hexadecimal digits.
  std::string hex() const;
};

}  // namespace jcb::compose
