// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "store/store.h"

namespace jcb::store {

/// What prune may take beside garbage.
enum class PruneScope {
  garbage,      ///< blobs and layers that no tag and no step result needs
  build_cache,  ///< also step results, cache mounts, downloads and logs
};

/// Removes what is not needed and returns the bytes of disk that went. Marks from tags and, unless they go too, from step
/// results. With `keep_bytes` step results and cache mounts go too, those not used for longest first, until the whole
/// store occupies no more than that; Error(failed) when images that have a tag need more. Waits until no other process
/// uses the store. Works on a full disk: it writes nothing. Needs the rights of enter_isolation.
std::uint64_t prune(const Store& store, PruneScope scope, std::optional<std::uint64_t> keep_bytes = std::nullopt);

}  // namespace jcb::store
