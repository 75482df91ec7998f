// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "util/root.h"

namespace jcb::sandbox {

/// A directory of ours that a job without mounts may write to: it works on a copy made of hard links, which afterwards
/// becomes the directory's content, entry by entry. So what is written into files in place is there at once, as through a
/// bind mount, everything else when the job has ended; and killed at any time we leave every entry as it was before or
/// after the job. Moving the directory in and out was not taken: a kill in between would take it along.
/// Where the directory lies on another file system, copies take the place of links.
class LinkedDirectory {
 public:
  /// Fills the empty directory `placed`. Throws Error(system), Interrupted.
  LinkedDirectory(util::Root source, const util::Root& placed);
  /// Makes the content of `placed` that of the source. Entries that somebody else made in the source meanwhile stay.
  /// Throws Error(system).
  void give_back(const util::Root& placed);

 private:
  void hand_over(const util::Root& placed, const util::DirEntry& entry);
  void copy_over(const util::Root& placed, const std::string& name);

  util::Root m_source;
  std::vector<util::DirEntry> m_names;  // at the beginning
};

}  // namespace jcb::sandbox
