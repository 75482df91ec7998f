// SPDX-License-Identifier: Apache-2.0
// Root file systems where nothing can be mounted (sandbox tier chroot): the stack of trees is copied out into a directory,
// a step works in it, and what it changed is found by comparing (tree_diff.h).
//
// Copying a whole image for every step would cost too much, so a directory is kept when its step is done: the next step of
// the same chain, whose stack is the old one and the new tree, goes on in it. Steps that run side by side have their own.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "build/tree_diff.h"
#include "build/tree_index.h"
#include "sandbox/sandbox.h"
#include "store/store.h"
#include "util/root.h"

namespace jcb::build {

/// Copies `trees` (bottom first) on top of each other into the directory `target`. Throws Error.
void apply_stack(const store::Store& store, const std::vector<std::string>& trees, const util::Root& target);

/// The directories that can be gone on with. Thread-safe. Must outlive the CopiedRootfs that come from it.
class CopiedTrees {
 public:
  /// Borrows the store.
  explicit CopiedTrees(const store::Store& store) : m_store(store) {}

  struct Copy {
    std::filesystem::path path;
    std::vector<std::string> trees;  ///< what it holds, bottom first
  };
  /// A directory that holds `trees`: one that is kept, brought up to date, or a new one. Throws Error, Interrupted.
  Copy take(const std::vector<std::string>& trees);
  /// Keeps a directory for later.
  void keep(Copy copy);
  /// Removes a directory; errors are left to the end of the workspace.
  void drop(const Copy& copy) noexcept;

 private:
  std::optional<Copy> find(const std::vector<std::string>& trees);
  Copy make();
  const store::Store& m_store;
  std::mutex m_mutex;
  std::optional<store::Workspace> m_workspace;  // made when it is first needed
  std::vector<Copy> m_kept;                     // the most recent last
};

/// A copied stack to work in.
class CopiedRootfs {
 public:
  /// `trees` are bottom first. Borrows both.
  CopiedRootfs(const store::Store& store, CopiedTrees& copies, const std::vector<std::string>& trees);
  ~CopiedRootfs();
  CopiedRootfs(const CopiedRootfs&) = delete;
  CopiedRootfs& operator=(const CopiedRootfs&) = delete;

  const std::filesystem::path& path() const noexcept { return m_copy.path; }
  /// Where jobs in it note what they disturb.
  const std::shared_ptr<std::vector<sandbox::Disturbance>>& disturbed() const noexcept { return m_disturbed; }
  /// Writes what was changed into the empty directory `upper`, in overlayfs's form.
  void finish(const util::Root& upper);
  /// After finish(): what was changed has become this tree of the store (or, without one, was dropped as nothing). The
  /// directory is made to agree with it and kept for the next step, if it can be.
  void kept_as(const std::optional<std::string>& tree);

 private:
  bool has_same_content(const std::string& path) const;
  bool remove_dropped(const util::Root* tree) const;
  void take_times(const util::Root& tree) const;

  const store::Store& m_store;
  CopiedTrees& m_copies;
  CopiedTrees::Copy m_copy;
  TreeIndex m_index;
  std::shared_ptr<std::vector<sandbox::Disturbance>> m_disturbed;
  std::vector<Change> m_changes;
  bool m_kept = false;
};

}  // namespace jcb::build
