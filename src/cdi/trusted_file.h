// SPDX-License-Identifier: Apache-2.0
// Whose word is taken for what a container may see of the host: root's and the caller's own. A file or directory counts
// as theirs when it and every directory above it belongs to one of the two and nobody else can write to it; a directory
// with the sticky bit (/tmp) may lie above, since in it nobody renames what is another's.
#pragma once

#include <filesystem>
#include <optional>

#include "util/fd.h"

namespace jcb::cdi {

/// Opens a directory or regular file; links are followed and their targets checked the same way. Must be called before a
/// user namespace is entered: in it root's files look like nobody's. Nothing when there is none. Throws Error(refused)
/// naming who could have written, Error(system).
std::optional<util::Fd> find_trusted(const std::filesystem::path& path, int flags);

}  // namespace jcb::cdi
