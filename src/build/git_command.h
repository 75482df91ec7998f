// SPDX-License-Identifier: Apache-2.0
// Running git on what strangers wrote. It sees an environment and a configuration that are ours alone:
//
//   protocols   https and ssh; http too when the repository itself was named by it; file, ext and git never, also for
//               submodules (GIT_ALLOW_PROTOCOL)
//   programs    no hooks, no fsmonitor, no credential helper, no LFS filter, no prompt
//   objects     checked as they arrive (transfer.fsckObjects), but for three harmless faults of old histories
//   secrets     reach git as a variable of its environment (--config-env) and only for the repository's own URL: they are
//               in no argument, no file and no URL. With them no redirect is followed, which git would take them along
//
// The configuration is a file, not GIT_CONFIG_COUNT: git takes the latter away from the processes of submodules.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "build/git_url.h"
#include "build/url.h"
#include "oci/registry/curl_http.h"
#include "util/child.h"

namespace jcb::build {

/// With whom and through what git talks.
struct GitAccess {
  FindSecret find_secret;             ///< asked for GIT_AUTH_HEADER and GIT_AUTH_TOKEN, first with ".HOST"; may be empty
  std::filesystem::path ssh_socket;   ///< an agent's socket; empty is none
  std::filesystem::path known_hosts;  ///< which hosts' keys are right, beside /etc/ssh/ssh_known_hosts; empty is none
  oci::HttpProxies proxies;
  bool allow_link_local = false;  ///< see oci/registry/address.h; git itself looks names up again, so this is a first line only
};

/// git for one repository, in a private directory that it may fill.
class GitCommand {
 public:
  /// Makes `directory`/home with git's configuration. Throws Error(unsupported) when git is missing, Error(refused) for a
  /// denied address.
  GitCommand(const GitUrl& url, const std::filesystem::path& directory, const GitAccess& access);

  /// Runs git in `work_tree` ("" is outside any repository) and returns what it printed. Throws Error(failed) with git's
  /// last lines, in which no URL has a password.
  std::string run(const std::filesystem::path& work_tree, const std::vector<std::string>& arguments) const;
  /// The same, and whether it succeeded.
  bool try_run(const std::filesystem::path& work_tree, const std::vector<std::string>& arguments) const;

 private:
  util::Captured capture(const std::filesystem::path& work_tree, const std::vector<std::string>& arguments) const;
  std::string m_remote;
  std::filesystem::path m_program, m_home;
  std::vector<std::string> m_environment, m_first_arguments;
};

}  // namespace jcb::build
