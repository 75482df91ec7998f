// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oci/layout.h"

namespace jcb::api {

/// A place for a build cache as --cache-from and --cache-to name it.
struct CachePlace {
  std::string directory;
  std::string tag = "cache";
};

/// Parses "oci:DIR[:TAG]", a directory, or buildx's "type=local,src=DIR" and "type=local,dest=DIR" (mode= is accepted:
/// everything is always kept). Throws Error(usage); Error(unsupported) for registries and buildx's other types.
CachePlace parse_cache_place(const std::string& text, const std::string& option);

/// Opens the layout; with `create` it is made when missing. Throws Error.
oci::Layout open_cache(const CachePlace& place, bool create);

}  // namespace jcb::api
