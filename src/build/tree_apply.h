// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "util/root.h"

namespace jcb::build {

/// Lays a tree in overlayfs's form (whiteouts, user.overlay.opaque) over the directory `target`, as copies; hard links of
/// the tree stay hard links. Content shared by reflink where the file system can. The attributes of `target` itself stay.
/// On an error `target` is left half done. Throws Error(system), Interrupted.
void apply_tree(const util::Root& tree, const util::Root& target);

}  // namespace jcb::build
