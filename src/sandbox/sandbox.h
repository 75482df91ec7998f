// SPDX-License-Identifier: Apache-2.0
// Runs one command in one root file system, isolated: own mount, pid, ipc, uts (and cgroup, where it can) namespaces,
// docker's default capabilities, seccomp, a pid 1 of ours that reaps. No OCI runtime is started for a build step.
#pragma once

#include "util/child.h"
#include "util/fd.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::sandbox {

enum class Network { host, none };

/// A file or directory of ours shown inside. The target is resolved inside the root by descriptor; a missing mount
/// point is created for the run and taken away again afterwards, so that it never reaches a layer.
struct Bind {
  std::filesystem::path source;
  std::string target;
  bool read_only = true;
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
  std::vector<Bind> binds;
  Network network = Network::host;
  std::string hostname = "jcbuild";
  std::uint64_t shm_bytes = std::uint64_t{8} << 30;  ///< upstream builds with --shm-size=8g
  bool read_only_root = false;
  bool privileged = false;  ///< keeps all capabilities of the namespace and runs without seccomp: our own helpers only
};

/// Receives what the command prints (both streams, merged in order), in pieces as they come.
using OutputSink = std::function<void(std::string_view bytes)>;

/// Runs the job to its end. Descriptor 0 is /dev/null. The network files of the host (resolv.conf, hosts) are bound
/// over the root's for the time of the run with network host. When it returns, or when this process is killed, no process
/// of the job and no mount is left. Throws Error(system, unsupported) when the sandbox cannot be made or the program
/// not be started (the step of the set-up that failed is named), Interrupted after killing the job.
util::ExitStatus run_job(const Job& job, const OutputSink& output);

}  // namespace jcb::sandbox
