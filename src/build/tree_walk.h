// SPDX-License-Identifier: Apache-2.0
// One walk over what a COPY source consists of; hashing and copying both are visitors of it, so that they cannot disagree
// on what is taken. Names are sorted bytewise. Every directory is held open and its entries are taken relative to it
// without following links, so that nothing that is renamed meanwhile leads elsewhere.
//
// What is hidden (.dockerignore, --exclude) or not asked for (--parents) is not visited. A hidden directory with an
// exception below it is visited when the first thing below it is, and not at all when there is none: as BuildKit does,
// `a/*/c` makes only those directories that have a `c`.
#pragma once

#include <sys/stat.h>

#include <string>

#include "build/context.h"
#include "dockerfile/ignore.h"
#include "dockerfile/path_pattern.h"
#include "util/root.h"

namespace jcb::build {

/// Where a walk starts and what it leaves out.
struct TreeSelection {
  const Context* context = nullptr;
  std::string start;                                 ///< below the context's root, links resolved; "" is the root
  const dockerfile::IgnoreRules* exclude = nullptr;  ///< matched with paths below `start`; null: nothing is excluded
  const dockerfile::PathPattern* include = nullptr;  ///< likewise: only what matches, or lies in what matches
};

/// Something that a walk met.
struct TreeEntry {
  const util::Root& directory;  ///< that holds it
  std::string name;             ///< in `directory`; "." for the root of the context
  std::string relative;         ///< below the start; "" is the start itself
  struct stat status;
};

/// What is done with the entries.
class TreeVisitor {
 public:
  virtual ~TreeVisitor() = default;
  /// Called for each entry, directories before what they hold.
  virtual void visit(const TreeEntry& entry) = 0;
  /// Called for a directory after all below it.
  virtual void leave(const TreeEntry& directory) = 0;
};

/// Walks. Throws Error(not_found) when the start is gone, Error(failed) when the tree changes under it, and Interrupted.
void walk_tree(const TreeSelection& selection, TreeVisitor& visitor);
/// Whether a walk would meet anything: false for what is ignored and has no exception below.
bool has_visible_entry(const TreeSelection& selection);

}  // namespace jcb::build
