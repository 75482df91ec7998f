// SPDX-License-Identifier: Apache-2.0
// Where things are mounted in a root file system. Paths are resolved here, before the job exists and while the root is
// ours alone, to a form without links; the child that mounts walks that form and refuses every link, so that a mistake
// here is an error there and never an escape. What has to be made for the run is taken away again, with the time stamps
// of its parent put back, because all of this is in the layer.
#pragma once

#include "util/fd.h"
#include "util/root.h"

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

namespace jcb::sandbox {

/// Whether what was made is taken away again.
enum class Stubs { remove, keep };

class MountPoints {
 public:
  explicit MountPoints(util::Root root, Stubs stubs = Stubs::remove) : m_root(std::move(root)), m_keep(stubs == Stubs::keep) {}
  ~MountPoints();
  MountPoints(const MountPoints&) = delete;
  MountPoints& operator=(const MountPoints&) = delete;

  /// A top directory such as "proc" that must be a real directory: a link there would move the mount (CVE-2026-41579).
  /// Made when missing. Throws Error(invalid).
  std::string require_directory(const std::string& name);
  /// The link-free path, relative to the root, of a directory or file to mount on, made when missing. Throws
  /// Error(invalid) when something of the other type is there or the path leads to the root itself.
  std::string find_or_make(std::string_view target, bool directory);
  /// The link-free form of a path, whether or not it exists. Below `covered` (link-free paths where something else will
  /// be mounted) the root's own links do not count. Throws Error(invalid) on a loop.
  std::string resolve(std::string_view target, const std::vector<std::string>& covered = {}) const;

 private:
  // Something made by us, and its parent's time stamps.
  struct Stub {
    util::Fd parent;
    std::string name;
    ino_t inode = 0;
    struct stat before {};
    struct stat after {};
  };
  void make_stub(const std::string& parent, const std::string& name, bool directory);
  static void remove_stub(const Stub& stub) noexcept;

  util::Root m_root;
  bool m_keep;
  std::vector<Stub> m_stubs;
};

}  // namespace jcb::sandbox
