// SPDX-License-Identifier: Apache-2.0
// What becomes of the upper directory of a finished step before it is kept. The same instructions on the same input must
// give the same bytes, so what only tells when and where a step ran is taken out once, here:
//   - times: a file that the step itself wrote carries the clock; its mtime becomes SOURCE_DATE_EPOCH. A file that came
//     out of an archive carries the archive's time, which lies before the start of the step: a fact, and kept (Python
//     compares it with its .pyc).
//   - for packages also logs, caches that hold times, machine identities and temporary files (package_rules).
#pragma once

#include <time.h>

#include <cstdint>
#include <string>
#include <vector>

#include "oci/layer/layer.h"
#include "util/root.h"

namespace jcb::build {

/// Which paths a capture drops. All relative to the root, without leading slash.
struct CaptureRules {
  std::string id;                          ///< goes into keys; bump it when the rules change
  std::vector<std::string> emptied;        ///< directories below which everything goes
  std::vector<std::string> without_files;  ///< directories below which files go and directories stay
  std::vector<std::string> dropped;        ///< globs of single paths (util::matches_glob)
};

/// Nothing dropped: what `docker build` would keep.
const CaptureRules& plain_rules();
/// For layers that are to be shared between images.
const CaptureRules& package_rules();

/// The clock that file times are taken from, to be read before a step starts (CLOCK_REALTIME_COARSE: file systems stamp
/// with the tick, which lags behind the precise clock).
timespec step_clock();

/// Applies the rules to an overlay upper directory. Throws Error(system).
void capture(const util::Root& upper, const timespec& started, std::int64_t epoch, const CaptureRules& rules);

/// The digest of all that a captured tree says, as 64 hexadecimal digits: that of the layer tar it would make. Empty for a
/// tree without entries. Trees of one digest are interchangeable. Throws Error(system), Interrupted.
std::string digest_tree(const util::Root& tree, oci::OverlayXattr overlay_xattr, const util::OwnerTable* owners = nullptr);

}  // namespace jcb::build
