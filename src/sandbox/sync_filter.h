// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/filter.h>

#include <span>

namespace jcb::sandbox {

/// A system call filter in which fsync(2) and its like succeed at once. A root file system that a job works in is garbage
/// when its owner dies, and what becomes of it is flushed when it is published; dpkg calls fsync for every file. Elsewhere
/// overlayfs does the same (`volatile`).
std::span<const sock_filter> sync_filter() noexcept;

}  // namespace jcb::sandbox
