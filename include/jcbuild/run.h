// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jcbuild/session.h"

namespace jcb {

/// `-v SOURCE:TARGET[:ro]`.
struct VolumeOption {
  std::filesystem::path source;
  std::string target;
  bool read_only = false;
};

/// What `jcbuild run` is asked for, in docker's words.
struct RunRequest {
  std::string image;
  std::vector<std::string> arguments;
  std::string name;
  std::optional<std::vector<std::string>> entrypoint;
  std::vector<std::string> environment;  ///< "K=V"
  std::vector<VolumeOption> volumes;
  std::string working_directory;
  std::string user;
  std::string hostname;
  std::string network = "host";
  std::string runtime;  ///< runc, crun or a path; empty: what works here
  std::uint64_t shm_bytes = std::uint64_t{8} << 30;
  bool interactive = false;
  bool terminal = false;
  bool read_only = false;
  bool dry_run = false;  ///< only fill RunResult::spec
};

struct RunResult {
  int exit_code = 0;    ///< the container's, or 125, 126, 127
  std::string failure;  ///< one line when the container was not started
  std::string spec;     ///< the runtime spec, for dry runs
};

/// Runs a container of an image of the store in the foreground and removes it afterwards. Throws Error for what is wrong
/// before a runtime is involved (exit 125).
RunResult run_container(Session& session, const RunRequest& request);

}  // namespace jcb
