// SPDX-License-Identifier: Apache-2.0
// Makes an image's root file system safe to mount over, before any runtime sees it.
//
// Runtimes resolve mount targets by path inside a tree that the image's author shaped; a link at /dev, /proc, /etc/hosts
// or on the way to a volume has led them out of it again and again (CVE-2019-19921, CVE-2021-30465, CVE-2025-31133,
// CVE-2026-41579, ...). Here every target is resolved by the kernel inside the root, missing ones are made, and the
// runtime is given the resolved path, on which no link is left to follow.
#pragma once

#include "sandbox/sandbox.h"
#include "util/root.h"

#include <string>
#include <string_view>

namespace jcb::runtime {

enum class MountPoint { directory, file };

/// `text` as a clean absolute path: "/a/./b/../c/" is "/a/c". Throws Error(invalid) naming `thing` when it is relative or
/// holds a NUL byte.
std::string clean_absolute_path(std::string_view text, std::string_view thing);
/// Whether `path` is `directory` or below it; both clean absolute paths.
bool is_at_or_below(std::string_view path, std::string_view directory);

/// Makes sure that `name`, an entry of the root itself, is a directory: a link or a file there is replaced.
void make_real_directory(const util::Root& root, const std::string& name);

/// Makes the mount point `target` where it is missing, with its parents, following links inside the root, and returns
/// its resolved absolute path. Throws Error(invalid) when it exists as the other kind.
std::string make_mount_point(const util::Root& root, std::string_view target, MountPoint kind);

/// Makes sure that `target` is a regular file, replacing a link or anything else by an empty one, and returns its
/// resolved absolute path. For files of ours that are bound over the image's, which need not survive.
std::string make_file_mount_point(const util::Root& root, std::string_view target);

/// Makes the working directory where it is missing (it then belongs to `owner`) and returns its resolved path.
/// Throws Error(refused) for one in /proc or /dev/fd, by name or through a link (CVE-2024-21626).
std::string make_working_directory(const util::Root& root, std::string_view path, const sandbox::Identity& owner);

}  // namespace jcb::runtime
