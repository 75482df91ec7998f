// SPDX-License-Identifier: Apache-2.0
// The sources of one COPY or ADD, wherever they come from, as something that can be hashed and copied.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "build/copy.h"
#include "build/remote_sources.h"
#include "build/source_trees.h"
#include "build/stage.h"

namespace jcb::build {

/// Resolved once for a step; opens only what is needed. Borrows everything.
class CopySources {
 public:
  CopySources(const CopyAction& action, SourceTrees& trees, RemoteSources& remotes, const store::Store& store);

  /// The digest of everything that decides the result beside the destination. What comes from stages, images, heredocs and
  /// repositories is known by name and looked up in the store; only contexts are looked at each time.
  std::string digest();
  /// As digest, but what is not of a context stands for itself: nothing is built, mounted or fetched.
  std::string definition();
  /// Copies into the merged tree; owners go into `records` where it is not null.
  void copy(const util::Root& merged, util::OwnerRecords* records);

 private:
  std::optional<std::string> identity(const PlannedSource& source);
  CopyArgument open(const PlannedSource& source);
  CopyArgument open_heredoc(const PlannedSource& source);
  void select();
  std::optional<std::string> memo_key();

  const CopyAction& m_action;
  SourceTrees& m_trees;
  RemoteSources& m_remotes;
  const store::Store& m_store;
  std::optional<CopyRequest> m_request;
  std::vector<CopySource> m_selected;
};

}  // namespace jcb::build
