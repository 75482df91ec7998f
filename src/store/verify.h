// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "oci/layer/layer.h"
#include "store/store.h"

namespace jcb::store {

/// Something in the store that is not as it must be.
struct Problem {
  std::string what;  ///< "blob sha256:…", "tag my/image:latest", "layer …", "record …"
  std::string cause;
};

/// What was looked at and what was found.
struct Verification {
  std::size_t blobs = 0, tags = 0, layers = 0, records = 0;
  std::vector<Problem> problems;
};

/// Checks every blob against its name, every tag down to its last blob, every layer directory that this store packed
/// itself against its diff ID (by packing it again), and every record against what it refers to. Reads everything;
/// changes nothing. Needs the rights of enter_isolation. `on_item` (may be empty) is told what is being read.
Verification verify(const Store& store, oci::OverlayXattr xattr, const std::function<void(const std::string&)>& on_item);

}  // namespace jcb::store
