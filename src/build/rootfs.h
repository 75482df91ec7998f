// SPDX-License-Identifier: Apache-2.0
// Stacks of trees made into root file systems: one to work in, whose changes end up in a directory of their own, and
// ones to read from.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "build/copied_rootfs.h"
#include "sandbox/overlay.h"
#include "sandbox/sandbox.h"
#include "store/store.h"
#include "util/owner_records.h"
#include "util/root.h"

namespace jcb::build {

/// A stack with a fresh upper directory on top, mounted as long as the object lives; where nothing can be mounted, a copy of
/// the stack.
class WorkingRootfs {
 public:
  /// `trees` are bottom first. `points` exist in it without a trace. Borrows the workspace, and `copies`, which are used
  /// only where nothing can be mounted. Needs enter_isolation. Throws Error.
  WorkingRootfs(const store::Store& store, store::Workspace& workspace, const std::vector<std::string>& trees,
                const std::vector<sandbox::MountPoint>& points, CopiedTrees& copies);

  const std::filesystem::path& path() const noexcept { return m_point; }
  util::Root root() const { return util::Root::open(m_point); }
  /// Where owners go that cannot be set (util::change_owner); null where they can.
  util::OwnerRecords* records() noexcept { return m_records.get(); }
  /// The same for a job (sandbox::Job::owners), of a user to whom new files belong unless they are given away.
  util::OwnerRecords* records_for(util::FileOwner new_files);
  /// What was changed, in overlayfs's form, and whom it belongs to where the files do not tell.
  struct Changes {
    std::filesystem::path upper;
    util::OwnerTable owners;
  };
  /// Unmounts.
  Changes finish();
  /// After finish(): what was changed has become this tree of the store. A copy is kept for the next step then.
  void kept_as(const std::optional<std::string>& tree);
  /// For Job::disturbed.
  std::shared_ptr<std::vector<sandbox::Disturbance>> disturbed() const { return m_copy ? m_copy->disturbed() : nullptr; }

 private:
  void mount(store::Workspace& workspace, const std::vector<std::string>& trees, const std::vector<sandbox::MountPoint>& points);
  const store::Store& m_store;
  std::vector<std::string> m_below;  // topmost first
  std::filesystem::path m_upper, m_point;
  std::unique_ptr<sandbox::OverlayMount> m_mount;
  std::unique_ptr<util::OwnerRecords> m_records;
  util::FileOwner m_new_files;
  std::unique_ptr<CopiedRootfs> m_copy;
};

/// A stack mounted read-only as long as the object lives; where nothing can be mounted, a copy, or the one tree itself: for
/// readers that leave it as it is.
class ReadableRootfs {
 public:
  /// As WorkingRootfs; an empty stack is an empty directory.
  ReadableRootfs(const store::Store& store, store::Workspace& workspace, const std::vector<std::string>& trees);

  const std::filesystem::path& path() const noexcept { return m_point; }
  util::Root root() const { return util::Root::open(m_point); }

 private:
  std::filesystem::path m_point;
  std::unique_ptr<sandbox::OverlayMount> m_mount;
  std::optional<util::Root> m_tree;
};

}  // namespace jcb::build
