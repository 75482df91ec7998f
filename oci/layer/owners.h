// SPDX-License-Identifier: Apache-2.0
// Owners of trees whose files all belong to one user (util/owner_table.h): from what was recorded while a tree was
// written to its table, and from the tables of several trees to the owners of their union.
#pragma once

#include "oci/layer/layer.h"
#include "util/owner_records.h"
#include "util/owner_table.h"

#include <string>
#include <vector>

namespace jcb::oci {

/// A tree with its table.
struct OwnedTree {
  const util::Root* root = nullptr;
  const util::OwnerTable* owners = nullptr;
};

/// The entry of a path in the union of overlay directories, topmost first; a plain one where the path does not exist.
util::OwnerEntry find_owner(const std::vector<OwnedTree>& top_first, const std::string& path, OverlayXattr overlay_xattr);

/// The table of the union.
util::OwnerTable merge_owners(const std::vector<OwnedTree>& top_first, OverlayXattr overlay_xattr);

struct CollectOptions {
  /// The trees below, topmost first: files copied up from there keep their owners.
  std::vector<OwnedTree> lowers_top_first;
  /// Whom new files belong to that nobody has given away: the user of the step.
  util::FileOwner new_files;
  /// Whether the kernel would have given new files the group of their set-group-ID directory; not so where a tar says
  /// everything.
  bool inherit_groups = true;
  OverlayXattr overlay_xattr = OverlayXattr::user;
};

/// The table of a tree that has been written, an overlay's upper directory or a plain one. A new file in a directory with
/// the set-group-ID bit has the directory's group, unless the directory got its group later.
/// A copied-up file is told from a new one by overlayfs's mark, which symbolic links, FIFOs and files of several names
/// do not get: they are taken for copies where type and mode, and for links time and target, are those of the lower file.
/// One that was renamed is looked for among the lower files by type, size and time. Throws Error(system).
util::OwnerTable collect_owners(const util::Root& tree, const util::OwnerRecords& records, const CollectOptions& options = {});

}  // namespace jcb::oci
