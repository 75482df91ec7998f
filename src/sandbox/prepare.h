// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sandbox/job_check.h"
#include "sandbox/launch.h"
#include "sandbox/mount_points.h"
#include "sandbox/sandbox.h"

#include <deque>

namespace jcb::sandbox {

/// A job made ready to launch: everything checked, opened and resolved. Mount points made for it are removed when the
/// object goes.
class PreparedJob {
 public:
  /// Throws Error(invalid, not_found, system) naming what is wrong with the job.
  explicit PreparedJob(const Job& job);
  PreparedJob(const PreparedJob&) = delete;
  PreparedJob& operator=(const PreparedJob&) = delete;

  /// The plan for the child; `output` and `report` are the caller's to fill in. Points into this object.
  LaunchPlan plan() const;

 private:
  void add_files();
  // A mount of the job and its link-free target.
  struct Placed {
    std::string path;
    const Bind* bind = nullptr;  // null: a tmpfs
    const Tmpfs* tmpfs = nullptr;
    const std::string& target() const { return bind != nullptr ? bind->target : tmpfs->target; }
  };
  void add_mounts();
  void add_bind(const Placed& placed);
  void add_tmpfs(const Placed& placed);
  void add_private_file(const PrivateFile& file);
  void add_file(const char* path, std::string content);
  std::string resolve(const std::string& target) const;
  PlannedTarget find_target(const std::string& path, bool directory);
  const char* keep(std::string text) { return m_texts.emplace_back(std::move(text)).c_str(); }

  const Job m_job;
  CommandWords m_words;
  std::deque<std::string> m_texts;  // stable addresses
  std::string m_shm_options;
  std::vector<util::Fd> m_trees;
  std::vector<Placed> m_done;          // mounts added so far
  std::vector<std::string> m_covered;  // their paths, and /dev
  std::vector<PlannedBind> m_binds;
  std::vector<PlannedFile> m_files;
  util::Fd m_parent;
  std::deque<MountPoints> m_mount_points;  // of the root, then of writable binds that others lie in
};

}  // namespace jcb::sandbox
