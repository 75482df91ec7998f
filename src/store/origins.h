// SPDX-License-Identifier: Apache-2.0
// Where a blob that the store does not keep can be had again: `cache/origins/<hex>`, a JSON list of repository names
// ("docker.io/library/ubuntu"), newest first, at most 8. Notes like these are a convenience: a torn or missing one is none.
#pragma once

#include <string>
#include <vector>

#include "oci/digest.h"
#include "store/store.h"

namespace jcb::store {

/// Notes that `repository` has the blob. Atomic.
void note_origin(const Store& store, const oci::Digest& blob, const std::string& repository);
/// The repositories that had it, newest first.
std::vector<std::string> find_origins(const Store& store, const oci::Digest& blob);
/// All blobs with a note, sorted; and forgetting one (for prune).
std::vector<oci::Digest> list_origins(const Store& store);
void forget_origin(const Store& store, const oci::Digest& blob);

}  // namespace jcb::store
