// SPDX-License-Identifier: Apache-2.0
// What names results. A chain of steps is a chain of states: a state stands for everything below a step, a key for the
// step on it, and the state after it rests on what the step left behind, not on how it was asked for. A step that was
// changed and leaves the same tree therefore joins the old chain again.
// Keys hold no clock, no user, no path of this machine and no way of isolation; their parts are fields with lengths, so
// that none can imitate another.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "build/stage.h"
#include "oci/digest.h"

namespace jcb::build {

/// Bumped when the meaning of a key or of a recorded result changes: old records are then never found.
inline constexpr std::string_view k_key_schema = "jcbuild-key-2";

/// What a chain of steps starts from.
struct KeyStart {
  std::string platform;               ///< "linux/arm64"
  std::int64_t epoch = 0;             ///< SOURCE_DATE_EPOCH: ends up in the layers
  std::string capture;                ///< which canonicalisation the trees go through
  std::vector<oci::Digest> diff_ids;  ///< the layers below, bottom first
};

/// The state before the first step.
std::string start_state(const KeyStart& start);
/// The key of a step, of which one part is the state that it stands on.
std::string step_key(const std::vector<KeyPart>& parts);
/// The state after a step that left a tree of digest `output` (empty: it changed no file).
std::string next_state(const std::string& state, std::string_view output);
/// The key of something of `kind` that depends on `fields` only.
std::string make_key(std::string_view kind, const std::vector<std::string>& fields);

}  // namespace jcb::build
