// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>

#include "build/copy_sources.h"
#include "build/stage.h"

namespace jcb::build {

/// The files that one step takes: the sources of COPY and ADD, and what the mounts of a RUN show.
class StepInputs {
 public:
  /// Borrows everything.
  StepInputs(const Step& step, SourceTrees& trees, RemoteSources& remotes, const store::Store& store);

  /// The digest of all of it, computed once. A step without inputs has a digest too.
  const std::string& digest();
  /// The digest of what comes from contexts, and the names of what comes from elsewhere: known without building,
  /// mounting or fetching anything.
  std::string definition();
  /// Carries out a COPY or ADD.
  void copy(const util::Root& merged, util::OwnerRecords* records);

 private:
  std::deque<CopyAction> m_actions;  // stable addresses
  std::deque<CopySources> m_sources;
  std::string m_digest;
};

}  // namespace jcb::build
