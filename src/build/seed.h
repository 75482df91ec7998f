// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "util/root.h"

namespace jcb::build {

/// Copies everything below `from` into the empty directory `to`: directories, regular files and links, with owners,
/// modes and modification times; sockets, FIFOs and device nodes are passed over. Throws Error(system).
void copy_tree(const util::Root& from, const util::Root& to);

/// Gives `to` the content, owner, mode and modification time of `from`. Throws Error(system) naming `thing`.
void copy_file(const util::Fd& from, const util::Fd& to, std::string_view thing);

}  // namespace jcb::build
