// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/container.h"
#include "util/root.h"

#include <filesystem>
#include <string>
#include <vector>

namespace jcb::runtime {

/// A bind mount that is ready to be made: its mount point exists and no link is left on the way to it.
struct ReadyVolume {
  std::filesystem::path source;
  std::string requested;  ///< the target as the user gave it, cleaned
  std::string target;     ///< resolved inside the container
  bool read_only = false;
};

/// Makes the mount points of all volumes in `root`, outer ones first, and returns them in mount order. A target inside
/// another volume is resolved inside that volume's source. Throws Error(not_found) for a missing source (docker would
/// make a directory, often root's and in the wrong place), Error(invalid, refused) for an impossible target.
std::vector<ReadyVolume> prepare_volumes(const util::Root& root, const std::vector<Volume>& volumes);

}  // namespace jcb::runtime
