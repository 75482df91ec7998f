// SPDX-License-Identifier: Apache-2.0
// The --mount flags of one RUN, made ready and given to its job.
//   bind    a directory or regular file of the context, a stage or an image, looked up inside it and held; with `rw` an
//           overlay (or a copy, for a file) whose changes are thrown away
//   cache   a directory of the store (cache_mounts.h)
//   tmpfs   memory
//   secret  a file in memory, a variable, or both
//   ssh     a socket that forwards to an agent (ssh_agent.h)
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "build/cache_mounts.h"
#include "build/secrets.h"
#include "build/ssh_agent.h"
#include "dockerfile/run_options.h"
#include "sandbox/overlay.h"
#include "sandbox/sandbox.h"
#include "store/store.h"
#include "util/root.h"

namespace jcb::build {

/// A tree that a mount can take from: the context, a stage, an image.
struct MountTree {
  std::shared_ptr<const util::Root> root;
  /// Where the tree lies or is mounted, a path of ours. When given, it is opened anew (a bind needs a descriptor from after
  /// enter_isolation) and must still be the directory that `root` holds.
  std::filesystem::path path;
  /// Tells contents apart (a digest, the state of a stage): a cache that starts from another one is another cache.
  std::string identity;
};

/// What the mounts of a RUN need from outside. Borrowed: must outlive RunMounts.
struct MountEnvironment {
  std::function<MountTree(const std::string& from)> tree;  ///< "" is the build context; throws for an unknown name
  const std::map<std::string, Secret>* secrets = nullptr;
  const std::map<std::string, std::filesystem::path>* ssh_sockets = nullptr;  ///< id -> agent socket
  const store::Store* store = nullptr;
  std::string cache_namespace;  ///< caches of different namespaces never meet
  std::string working_directory = "/";
};

/// All mounts of one RUN. Holds locks of caches, overlays and agent sockets until it goes: so it must go after the job, and
/// before its workspace. Needs enter_isolation.
class RunMounts {
 public:
  /// Waits for locked caches. Throws Error(not_found) for a required secret or agent that nobody gave and for a source that
  /// does not exist, Error(refused, invalid, system), Interrupted.
  RunMounts(const std::vector<dockerfile::RunMount>& mounts, const MountEnvironment& environment, store::Workspace& workspace);
  ~RunMounts();
  RunMounts(const RunMounts&) = delete;
  RunMounts& operator=(const RunMounts&) = delete;

  /// Where it will mount, for sandbox::make_skeleton.
  std::vector<sandbox::MountPoint> points() const;
  /// Adds the mounts and their variables (SSH_AUTH_SOCK, unless the job has one; secrets with env=) to the job.
  void add_to(sandbox::Job& job) const;

 private:
  class Builder;
  std::vector<std::shared_ptr<const TakenCache>> m_caches;
  std::vector<std::unique_ptr<sandbox::OverlayMount>> m_overlays;
  std::vector<std::unique_ptr<SshAgentProxy>> m_agents;
  std::vector<std::filesystem::path> m_scratch;  // directories of the workspace
  std::vector<sandbox::MountPoint> m_points;
  std::vector<sandbox::Bind> m_binds;
  std::vector<sandbox::Tmpfs> m_tmpfs;
  std::vector<sandbox::PrivateFile> m_files;
  std::map<std::string, std::string> m_variables;
  std::string m_agent_socket;  // as the job sees the first one
};

/// What a step's key must know of its mounts, one line each: what the RUN can see of them. Not in it: contents of secrets,
/// and id and sharing of caches (as BuildKit); the digest of what a bind shows is for the caller to add.
std::vector<std::string> key_fields(const std::vector<dockerfile::RunMount>& mounts);

}  // namespace jcb::build
