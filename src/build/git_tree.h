// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "util/root.h"

namespace jcb::build {

/// Makes a checkout the same wherever and whenever it was made: all times `seconds`, files 0755 or 0644 as git keeps them,
/// directories 0755, and no `.git` at all, or with `keep_git_dir` only times inside them.
void settle_checkout(const util::Root& tree, std::int64_t seconds, bool keep_git_dir);

/// The path of `subdir` in `tree` with all links expanded. A link may lead elsewhere in the tree; one that leads out of it
/// (absolute, or by `..`) is Error(refused), also where resolving it inside would find something (CVE-2026-33748).
/// Error(not_found) when there is no such directory.
std::string resolve_subdir(const util::Root& tree, std::string_view subdir);

}  // namespace jcb::build
