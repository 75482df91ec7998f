// SPDX-License-Identifier: Apache-2.0
// Keys name results. A key is a hash over everything that can change what a step makes, and nothing else: no clock, no
// user, no path of this machine, no way of isolation. Its parts are fields with lengths, so none can imitate another.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "oci/digest.h"

namespace jcb::build {

/// Bumped when the meaning of a key or of a recorded result changes: old records are then never found.
inline constexpr std::string_view k_key_schema = "jcbuild-key-1";

/// What a chain of steps starts from.
struct KeyStart {
  std::string architecture;
  std::int64_t epoch = 0;             ///< SOURCE_DATE_EPOCH: ends up in the layers
  std::string capture;                ///< which canonicalisation the trees go through
  std::vector<oci::Digest> diff_ids;  ///< the layers below, bottom first
};

/// The key before the first step.
std::string start_key(const KeyStart& start);
/// The key of a step of `kind` with its `fields`, on what `previous` names.
std::string next_key(std::string_view previous, std::string_view kind, const std::vector<std::string>& fields);

}  // namespace jcb::build
