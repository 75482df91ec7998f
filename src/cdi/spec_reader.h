// SPDX-License-Identifier: Apache-2.0
// Reads and checks one CDI specification. As strict as the reference (unknown fields, versions and names are errors), and
// stricter where a file could reach further than it says: paths are absolute and hold no `..`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cdi/spec.h"

namespace jcb::cdi {

/// What a file may hold at most. Those of NVIDIA have some hundred KiB.
inline constexpr std::size_t k_max_spec_bytes = std::size_t{8} << 20;

/// Parses YAML or, for a `file` whose name ends in .json, JSON. `file` is for messages. Throws Error(invalid) with the
/// place where the format tells one.
Spec parse_spec(const std::string& file, std::string_view text);

}  // namespace jcb::cdi
