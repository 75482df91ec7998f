// SPDX-License-Identifier: Apache-2.0
// What one overlay directory says about a path. Private to oci/layer.
#pragma once

#include "oci/layer/layer.h"

#include <string>

namespace jcb::oci {

/// `hidden`: neither this directory nor one below it shows the path.
enum class Finding { present, hidden, absent };

/// Looks for a path without following links. Throws Error(system).
Finding look_up(const util::Root& root, const std::string& path, OverlayXattr overlay_xattr);

}  // namespace jcb::oci
