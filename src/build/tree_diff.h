// SPDX-License-Identifier: Apache-2.0
// The difference between a tree as it was (TreeIndex) and as it is, written as overlayfs would have left it in an upper
// directory: changed and new files whole, a character device 0:0 for what is gone, a directory that took the place of
// something else marked opaque (as user.overlay.opaque), parents of all that with their own attributes.
//
// What overlayfs makes and this does not: an entry for a file that was opened for writing and left as it was. And hard
// links: a file with two names that is written to has changed under both here, under one there (overlayfs parts them).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "build/tree_index.h"
#include "sandbox/sandbox.h"
#include "util/root.h"

namespace jcb::build {

/// A path of the difference.
struct Change {
  std::string path;      ///< relative to the root
  bool existed = false;  ///< before
  bool exists = false;   ///< now
};

struct DiffOptions {
  /// What the set-up of a job disturbed: not a change.
  std::vector<sandbox::Disturbance> disturbed;
  /// Whether the file at `path`, a regular one with several names now or before, still is what it was. Asked only when its
  /// number of names changed, which moves the change time and tells nothing else.
  std::function<bool(const std::string& path)> has_same_content;
};

/// Fills the empty directory `upper`. The changes are in an order in which parents come first. Throws Error(system),
/// Interrupted.
std::vector<Change> write_difference(const TreeIndex& before, const util::Root& tree, const util::Root& upper, const DiffOptions& options);

}  // namespace jcb::build
