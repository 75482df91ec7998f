// SPDX-License-Identifier: Apache-2.0
// One entry from one directory into another, as itself. Private to oci/layer.
#pragma once

#include <string>
#include <string_view>

namespace jcb::oci {

/// Makes `name` in the directory `to` the same file as in the directory `from`: a hard link, or a copy where the file
/// system or the kernel's settings forbid one. Links are not followed. Throws Error(system).
void link_or_copy(int from, int to, const std::string& name, std::string_view thing);

/// Gives the open file `to` the owner, mode, times and xattrs of `from`; overlayfs's own xattrs are left out.
/// Throws Error(system).
void copy_metadata(int from, int to, std::string_view thing);

}  // namespace jcb::oci
