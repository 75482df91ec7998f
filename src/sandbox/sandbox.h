// SPDX-License-Identifier: Apache-2.0
// Runs one command in one root file system, isolated: own mount, pid, ipc, uts (and cgroup, where it can) namespaces,
// docker's default capabilities, seccomp, a pid 1 of ours that reaps. No OCI runtime is started for a build step.
#pragma once

#include "util/child.h"
#include "util/fd.h"
#include "util/owner_records.h"
#include "util/root.h"

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::sandbox {

enum class Network { host, none };

/// A file or directory of ours shown inside. The target is resolved inside the root by descriptor; a missing mount
/// point is created for the run and taken away again afterwards, so that it never reaches a layer. Only mount points that
/// lie in a writable bind with `held` stay, since others may be using that tree.
struct Bind {
  std::filesystem::path source;
  std::string target;
  bool read_only = true;
  /// When set, what is shown: a descriptor (O_PATH) held since it was looked up, so that nothing can be put in its place;
  /// `source` then only names it in messages. Opened after enter_isolation (mounts of another namespace cannot be bound).
  std::shared_ptr<const util::Fd> held = {};
};

/// An empty file system in memory, for the time of the job.
struct Tmpfs {
  std::string target;
  std::uint64_t size_bytes = 0;  ///< 0: the kernel's limit (half of the memory)
  std::uint32_t mode = 01777;
  bool read_only = false;
};

/// A file that is in memory only, for the time of the job; never below any directory of ours. Read-only inside.
struct PrivateFile {
  std::string target;
  std::string content;
  std::uint32_t mode = 0400;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

/// Where something will be mounted.
struct MountPoint {
  std::string target;
  bool directory = true;
  bool operator==(const MountPoint&) const = default;
};

/// A file or directory of the root whose change time (ctime) a job's set-up moved, and nothing else did.
struct Disturbance {
  dev_t device = 0;
  ino_t inode = 0;
  timespec before{};
  timespec after{};
};

/// Who runs, as numbers of the container (docker's USER already looked up).
struct Identity {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;
};

/// What to run and where.
struct Job {
  std::filesystem::path root;            ///< a mounted root file system, writable, ours alone while the job runs
  std::vector<std::string> argv;         ///< argv[0] is looked up in PATH of `environment` when it has no '/'
  std::vector<std::string> environment;  ///< "K=V", complete: nothing is inherited
  std::string working_directory = "/";   ///< made when missing (0755, root)
  Identity identity;
  /// Set for a job that is shown devices of the host: the host's groups that may open them. A job of root's is put into
  /// them. Where ids are mapped nobody can be given a group of the host; the job then keeps those that the caller has, which
  /// opens to it what they open to him.
  std::optional<std::vector<std::uint32_t>> device_groups;
  std::vector<Bind> binds;
  std::vector<Tmpfs> tmpfs;
  std::vector<PrivateFile> files;
  Network network = Network::host;
  std::string hostname = "jcbuild";
  std::uint64_t shm_bytes = std::uint64_t{8} << 30;  ///< upstream builds with --shm-size=8g
  bool read_only_root = false;
  bool privileged = false;  ///< keeps all capabilities of the namespace and runs without seccomp: our own helpers only
  /// RUN --security=insecure: all capabilities of the namespace, no seccomp, nothing of /proc and /sys hidden or read-only.
  /// Mounts stay as restricted as ever.
  bool insecure = false;
  /// Where a user has a single id (Tier::single_uid): what the job does to owners and devices goes here; null: nowhere.
  /// The ids that it sees are emulated there. Without effect in the other tiers.
  util::OwnerRecords* owners = nullptr;
  /// Where a tier without mounts notes what its set-up and undoing moved; null: nowhere.
  std::shared_ptr<std::vector<Disturbance>> disturbed = {};
};

/// Receives what the command prints (both streams, merged in order), in pieces as they come.
using OutputSink = std::function<void(std::string_view bytes)>;

/// Runs the job to its end. Descriptor 0 is /dev/null. For the time of the run copies of the host's resolv.conf and hosts
/// (with network none: an empty one and localhost) and a hostname file are bound over the root's; writes to them are
/// lost. A program that is not found gives 127, one that cannot be executed 126, with a line to `output`. When it returns, or when this
/// process is killed, no process of the job and no mount is left. Throws Error(invalid, refused) for a malformed job, Error(system,
/// unsupported) when the sandbox cannot be made (the step of the set-up that failed is named), Interrupted after killing the job. Needs
/// enter_isolation. May be called from several threads at once, with different roots.
util::ExitStatus run_job(const Job& job, const OutputSink& output);

/// The same with a terminal of its own as its three streams and as what ^C goes to; what is typed at `input` (which may be
/// a pipe) and what it prints to `output` pass through. For people who look into a failed step.
util::ExitStatus run_interactive_job(const Job& job, int input, int output);

/// Fills an empty directory with every mount point that run_job needs: the fixed ones and the targets of `binds`
/// (directories or empty files, after the type of the source). Given to OverlayMount as the LAST lower directory it makes
/// mount points exist without a trace in the upper directory: making them there would copy their parents up, and those
/// would be in the layer. Targets below /dev, /proc and /sys are passed over.
void make_skeleton(const util::Root& directory, const std::vector<Bind>& binds);

/// The same for any mounts. With `image`, the merged tree that the job will have without a skeleton, targets that lead
/// through links of the image are made where they lead to.
void make_skeleton(const util::Root& directory, const std::vector<MountPoint>& points, const util::Root* image = nullptr);

}  // namespace jcb::sandbox
