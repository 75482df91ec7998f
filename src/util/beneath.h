// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string_view>

namespace jcb::util {

/// open(2) of `path` resolved inside the directory `root_fd` as if it were the root directory (openat2(2),
/// RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS); falls back to open_beneath_by_walk where the kernel lacks openat2.
/// Adds O_CLOEXEC and O_NOCTTY. Returns the descriptor, or -1 with errno set.
int open_beneath(int root_fd, std::string_view path, int flags, mode_t mode) noexcept;

/// The same without openat2: one component at a time, O_NOFOLLOW, links expanded by us (at most 40), `..` by a stack
/// of held descriptors. Exposed so that tests compare both on the same trees.
int open_beneath_by_walk(int root_fd, std::string_view path, int flags, mode_t mode) noexcept;

}  // namespace jcb::util
