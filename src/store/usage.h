// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "util/root.h"

namespace jcb::store {

/// What a tree occupies on the disk: allocated blocks, every file counted once however many names it has in the tree.
std::uint64_t disk_usage(const util::Root& root);
/// What removing the tree would free: files that have a name elsewhere do not count.
std::uint64_t removable_bytes(const util::Root& root);

}  // namespace jcb::store
