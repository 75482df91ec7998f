// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "store/store.h"

namespace jcb::store {

/// What prune may take beside garbage.
enum class PruneScope {
  garbage,      ///< blobs and layers that no tag and no step result needs
  build_cache,  ///< also step results, cache mounts, downloads and logs
};

/// Removes what is not needed and returns the bytes of the blobs and trees that went (as the files' sizes). Marks from
/// tags and, unless they go too, from step results. Waits until no other process uses the store. Works on a full disk:
/// it writes nothing. Needs the rights of enter_isolation.
std::uint64_t prune(const Store& store, PruneScope scope);

}  // namespace jcb::store
