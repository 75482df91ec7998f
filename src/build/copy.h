// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/context.h"
#include "build/stage.h"
#include "util/root.h"

namespace jcb::build {

/// Carries out COPY: the step's sources from the context into the merged tree, with docker's rules for directories
/// (contents are copied), destinations with and without a trailing slash, owners (root unless --chown) and modes. Links in the
/// destination are followed inside the root. Throws Error.
void copy_into(const util::Root& merged, const Context& context, const Step& step);

/// Makes a directory with its parents below `merged`; those that are new belong to uid:gid, mode 0755. Throws Error.
void make_owned_directories(const util::Root& merged, const std::string& path, std::uint32_t uid, std::uint32_t gid);

}  // namespace jcb::build
