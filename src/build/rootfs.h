// SPDX-License-Identifier: Apache-2.0
// Stacks of trees made into root file systems: one to work in, whose changes end up in a directory of their own, and
// ones to read from.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sandbox/overlay.h"
#include "sandbox/sandbox.h"
#include "store/store.h"
#include "util/owner_records.h"
#include "util/root.h"

namespace jcb::build {

/// A stack with a fresh upper directory on top, mounted as long as the object lives.
class WorkingRootfs {
 public:
  /// `trees` are bottom first. `points` exist in it without a trace. Borrows the workspace. Needs
  /// enter_isolation. Throws Error.
  WorkingRootfs(const store::Store& store, store::Workspace& workspace, const std::vector<std::string>& trees,
                const std::vector<sandbox::MountPoint>& points);

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

 private:
  void make_points(const store::Store& store, store::Workspace& workspace, const std::vector<std::string>& trees,
                   const std::vector<sandbox::MountPoint>& points);
  const store::Store& m_store;
  std::vector<std::string> m_below;  // topmost first
  std::filesystem::path m_upper, m_work, m_skeleton, m_point;
  std::unique_ptr<sandbox::OverlayMount> m_mount;
  std::unique_ptr<util::OwnerRecords> m_records;
  util::FileOwner m_new_files;
};

/// A stack mounted read-only as long as the object lives.
class ReadableRootfs {
 public:
  /// As WorkingRootfs; an empty stack is an empty directory.
  ReadableRootfs(const store::Store& store, store::Workspace& workspace, const std::vector<std::string>& trees);

  const std::filesystem::path& path() const noexcept { return m_point; }
  util::Root root() const { return util::Root::open(m_point); }

 private:
  std::filesystem::path m_point;
  std::unique_ptr<sandbox::OverlayMount> m_mount;
};

}  // namespace jcb::build
