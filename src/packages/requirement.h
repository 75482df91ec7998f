// SPDX-License-Identifier: Apache-2.0
// Whether a package exists for a target: `requires`, in upstream's grammar, and our `when`, in words.
#pragma once

#include "packages/node.h"
#include "platform/target.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::packages {

/// Why `target` does not meet one `requires` specifier, for people; nothing when it does. Upstream's rules in upstream's
/// order, on the lower-cased text: an architecture (also with `==` or `!=`); an Ubuntu release (also with `==`); with
/// "cu" in it a specifier set over the CUDA version without its dot (">=cu126"); else one over the L4T version.
/// Throws Error(invalid) for a bad specifier.
std::optional<std::string> find_unmet_requirement(std::string_view specifier, const platform::Target& target);

/// The conditions of a `when` mapping that `target` does not meet, for people; empty when all hold. Throws
/// Error(invalid) with the position for anything that is not a condition, met or not.
std::vector<std::string> find_unmet_conditions(const Node& when, const platform::Target& target);

}  // namespace jcb::packages
