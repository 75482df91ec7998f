// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sandbox/id_map.h"

#include <vector>

namespace jcb::sandbox {

/// Whether this process is uid 0 with CAP_SYS_ADMIN effective: it needs no user namespace of its own.
bool can_administer();

/// The tier that enter_isolation takes by itself.
Tier choose_tier();

/// What a tier lacks.
std::vector<Missing> find_missing_pieces(Tier tier);

/// The subordinate ids of the calling user.
struct OwnRanges {
  std::vector<SubordinateRange> uids;
  std::vector<SubordinateRange> gids;
};

/// Reads /etc/subuid and /etc/subgid for the real uid. Missing files mean no ranges.
OwnRanges find_own_ranges();

}  // namespace jcb::sandbox
