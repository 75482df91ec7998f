// SPDX-License-Identifier: Apache-2.0
// Names and marks of deletions (image-spec layer.md, "Whiteouts"; kernel overlayfs.rst).
//
// On an overlay file system, such as a container's own root, nobody may make a device 0:0: it would be a deletion there.
// A store that lies on one has the device 0:27491 in its place (no driver has major number 0), which we take for the same
// and overlayfs does not. Such trees can only be copied: upper and lower directories of an overlay do not lie there.
#pragma once

#include "util/root.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace jcb::oci {

inline constexpr std::string_view k_whiteout_prefix = ".wh.";
inline constexpr std::string_view k_opaque_name = ".wh..wh..opq";
/// aufs kept its own files under such names; docker skips them, and so does this.
inline constexpr std::string_view k_aufs_prefix = ".wh..wh.";

inline bool is_whiteout_name(std::string_view name) noexcept { return name.starts_with(k_whiteout_prefix); }
inline std::string whiteout_name(std::string_view name) { return std::string(k_whiteout_prefix) + std::string(name); }

/// Whether a directory entry is overlayfs's whiteout, the character device 0:0. Throws Error(system).
bool is_whiteout_device(int directory_fd, const util::DirEntry& entry, std::string_view directory_name);
/// The same for what stat said.
bool is_whiteout_device(const struct stat& status) noexcept;
/// The same for a device number.
bool is_whiteout_number(std::uint64_t major, std::uint64_t minor) noexcept;
/// Makes one; every user may since kernel 5.8. Throws Error(system).
void make_whiteout_device(int directory_fd, const std::string& name, std::string_view thing);

}  // namespace jcb::oci
