// SPDX-License-Identifier: Apache-2.0
// Names and marks of deletions (image-spec layer.md, "Whiteouts"; kernel overlayfs.rst). Private to oci/layer.
#pragma once

#include "util/root.h"

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
/// Makes one; every user may since kernel 5.8. Throws Error(system).
void make_whiteout_device(int directory_fd, const std::string& name, std::string_view thing);

}  // namespace jcb::oci
