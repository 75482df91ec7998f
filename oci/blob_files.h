// SPDX-License-Identifier: Apache-2.0
// Names inside a layout that several source files use; internal to oci/.
#pragma once

#include "oci/digest.h"

#include <string>
#include <string_view>

namespace jcb::oci {

inline constexpr std::string_view k_blob_directory = "blobs/sha256";
/// What AtomicFile calls its temporary files, too, so that one rule finds all of ours.
inline constexpr std::string_view k_temporary_prefix = ".tmp-";
inline constexpr const char* k_lock_file = ".jcbuild.lock";
inline constexpr const char* k_index_file = "index.json";
inline constexpr const char* k_layout_file = "oci-layout";

/// Where a blob is, below the layout's root.
inline std::string blob_path(const Digest& digest) { return std::string(k_blob_directory) + "/" + digest.hex(); }

}  // namespace jcb::oci
