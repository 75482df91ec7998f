// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "oci/layout.h"
#include "store/push.h"

namespace jcb::store {

/// Fetches those of `blobs` that `layout` lacks from the repositories that the store noted for them, verified, the newest
/// note first and as many as possible from one place. A repository that cannot be opened, or lacks a blob, is passed over.
/// Throws Error(not_found) naming the first blob that nobody has, with what the repositories said.
void fetch_from_origins(const Store& store, const oci::Layout& layout, const std::vector<oci::Descriptor>& blobs,
                        const PushOptions& options);

/// Throws Error(not_found) as fetch_from_origins does when there is no repository to ask for `blob`.
void require_origin(const Store& store, const oci::Layout& layout, const oci::Descriptor& blob, const PushOptions& options);

/// Whether `layout` has the blob in its full size.
bool has_whole_blob(const oci::Layout& layout, const oci::Descriptor& blob);

}  // namespace jcb::store
