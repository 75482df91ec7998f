// SPDX-License-Identifier: Apache-2.0
// The border between the parent, which may allocate and throw, and the child, which between clone and exec may not:
// plain data that the parent has prepared, read by a child that is a copy of the parent.
//
// The child is pid 1 of its pid namespace and stays so. It mounts everything, forks the command, then only reaps: the
// kernel kills whatever is left when it exits. It is itself killed when the parent dies.
#pragma once

#include <linux/filter.h>
#include <signal.h>
#include <sys/types.h>

#include <span>
#include <string_view>

namespace jcb::sandbox {

/// What the child has to say, over a close-on-exec pipe: the step that failed (pointers into memory that both have), or,
/// with `operation` null, how the command ended (a wait(2) status).
struct Report {
  const char* operation = nullptr;
  const char* thing = nullptr;
  int error = 0;
  int wait_status = 0;
};

/// The `operation` of a Report about execve(2) itself.
extern const char* const k_execute;

/// Where a mount goes. In a file system that the job begins with, as /dev, nothing exists yet: it is made there.
struct PlannedTarget {
  const char* fresh = nullptr;  ///< link-free, relative to the root: that file system; null: the target exists
  const char* path = nullptr;   ///< link-free, relative to `fresh` or else to the root
  bool directory = false;       ///< what to make in `fresh`
};

/// A detached mount or a new tmpfs, and where it goes.
struct PlannedBind {
  int tree = -1;
  const char* tmpfs_options = nullptr;  ///< not null: a tmpfs
  PlannedTarget target;
  std::uint64_t restrictions = 0;
};

/// A small file in memory shown over one of the root; changes to it are lost.
struct PlannedFile {
  PlannedTarget target;
  std::string_view content;
  mode_t mode = 0644;
  uid_t uid = 0;
  gid_t gid = 0;
  std::uint64_t restrictions = 0;
};

struct LaunchPlan {
  const char* root = nullptr;
  std::string_view hostname;
  const char* working_directory = nullptr;
  const char* shm_options = nullptr;
  std::span<const PlannedBind> binds;
  std::span<const PlannedFile> files;
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  char* const* candidates = nullptr;  ///< paths to try to execute, in order, ended by a null
  uid_t uid = 0;
  gid_t gid = 0;
  std::span<const gid_t> groups;
  bool keep_groups = false;  ///< the groups of this process stay, and `groups` are passed over
  std::span<const sock_filter> filter;
  int output = -1;
  int terminal = -1;  ///< its standard streams and controlling terminal instead of /dev/null and `output`
  int report = -1;
  int supervisor = -1;  ///< socket for the listener of `filter`; the ids above are then emulated by who is at its other end
  int parent = -1;      ///< pidfd of the parent
  int root_fd = -1;     ///< tier chroot: the root, for chroot(2); nothing is mounted then
  int landlock = -1;    ///< tier chroot: a ruleset to confine the job by, or none
  bool new_network = false;
  bool read_only_root = false;
  bool privileged = false;  ///< all capabilities, no filter, nothing of /proc and /sys hidden
  bool insecure = false;    ///< with privileged: a step, not a helper of ours: no device nodes, but a writable /sys
};

/// The life of pid 1.
[[noreturn]] void run_init(const LaunchPlan& plan) noexcept;

/// The life of a job's first process in tier chroot (chroot_init.cc).
[[noreturn]] void run_chroot_init(const LaunchPlan& plan) noexcept;

/// The signal that makes run_chroot_init kill everybody and end.
inline constexpr int k_kill_all = SIGUSR1;

/// The first steps of both: reports go to the parent from here on; `death_signal` comes when it dies.
void begin_init(const LaunchPlan& plan, int death_signal) noexcept;

/// Leaves descriptors 0, 1, 2 and the report, whatever was open.
void arrange_descriptors(const LaunchPlan& plan) noexcept;

/// Goes to the working directory in the root that we are in by now, making it when missing.
void enter_working_directory(const LaunchPlan& plan) noexcept;

/// Tells the parent how the command ended.
void report_status(int wait_status) noexcept;

/// Reports a failure with the current errno and ends the process.
[[noreturn]] void fail(const char* operation, const char* thing) noexcept;

/// Mounts everything and makes the root ours; ends in "/" of it.
void set_up_mounts(const LaunchPlan& plan) noexcept;

/// Becomes the command.
[[noreturn]] void run_command(const LaunchPlan& plan) noexcept;

}  // namespace jcb::sandbox
