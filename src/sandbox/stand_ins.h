// SPDX-License-Identifier: Apache-2.0
// What mounts do in the other tiers, done with files in the root file system itself and undone afterwards: the entry that
// would be mounted over is moved aside (a rename, out of the root), a stand-in takes its place for the time of the job,
// and the entry comes back, whatever the job did to the stand-in. Neither content nor metadata nor the times of parents
// change by it, only the change times of inodes (ctime), which nobody can set: those are noted for whoever compares.
//
//   /dev            a fresh directory with real device nodes; /proc and /sys are empty
//   read-only bind  a copy (root can write to it: such changes are lost)
//   writable bind   LinkedDirectory
//   tmpfs           a directory
//   private file    a file: on the disk, unlike elsewhere, until the job ends
#pragma once

#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/linked_directory.h"
#include "sandbox/mount_points.h"
#include "sandbox/sandbox.h"
#include "util/fd.h"
#include "util/file.h"

namespace jcb::sandbox {

class StandIns {
 public:
  /// Puts all that the job shows into its root. Nothing of the job may run yet. Throws Error(invalid, refused, system),
  /// Error(unsupported) where device nodes cannot be made or used; then the root is as before.
  explicit StandIns(const Job& job);
  ~StandIns();
  StandIns(const StandIns&) = delete;
  StandIns& operator=(const StandIns&) = delete;

  /// Undoes everything, once; nothing of the job may run any more. The destructor does the same without telling of errors.
  /// Throws Error(system).
  void undo();

 private:
  // Makes the stand-in under a name in a directory.
  using Make = std::function<void(int parent, const std::string& name)>;
  struct Shown {
    util::Fd parent;
    std::string name;
    std::string aside;  // the original's name in m_aside
    struct stat before {};
    struct stat moved {};
    std::optional<LinkedDirectory> linked{};
    ino_t linked_inode = 0;
  };
  // A directory of the root in which we make and remove entries.
  struct Watched {
    util::Fd directory;
    struct stat before {};
    struct stat placed {};
    bool untouched = false;
  };
  struct Mount {
    std::string path;
    const Bind* bind = nullptr;  // null: a tmpfs
    const Tmpfs* tmpfs = nullptr;
  };
  void place();
  void undo_quietly() noexcept;
  void place_devices();
  void place_mounts();
  void place_bind(const Bind& bind);
  void place_files();
  void place_file(const char* path, const std::string& content);
  void place_private(const PrivateFile& file);
  void link_directory(const util::Root& source);
  void show(const std::string& target, bool directory, const Make& make);
  void show_at(const std::string& path, const Make& make);
  void watch(const std::string& path);
  void put_back(Shown& shown);
  void give_back(Shown& shown);
  void note_disturbances();

  const Job& m_job;
  util::Root m_root;
  util::TempDir m_aside;
  util::Root m_aside_root;
  std::optional<MountPoints> m_points;
  std::vector<Watched> m_watched;
  std::vector<Shown> m_shown;
  std::vector<std::string> m_paths;  // of mounts, link-free
  std::size_t m_serial = 0;
  bool m_placed = false;
};

}  // namespace jcb::sandbox
