// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jcbuild/session.h"

namespace jcb {

/// What `jcbuild build` is asked for. Texts are as on docker's command line.
struct BuildRequest {
  std::string context;                 ///< directory, archive, address, or "-": standard input
  std::string dockerfile;              ///< empty: Dockerfile in the context; "-": standard input
  std::vector<std::string> names;      ///< tags in the store; may be empty
  std::string target;                  ///< stage; empty: the last
  std::vector<std::string> platforms;  ///< "linux/arm64"; empty: this machine's. Several make an index
  std::map<std::string, std::string> build_args;
  std::map<std::string, std::string> build_contexts;  ///< name -> directory, image or address
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::vector<std::string> secrets;                    ///< "id=X,src=F" or "id=X,env=V"
  std::vector<std::string> ssh;                        ///< "default" or "id=socket"
  std::vector<std::string> allow;                      ///< entitlements: "security.insecure", "device", "device=NAME[,alias=X]"
  std::vector<std::string> devices;                    ///< CDI devices that every RUN gets, and may ask for
  std::vector<std::filesystem::path> cdi_directories;  ///< of specifications of devices, instead of the usual ones
  std::string network = "host";
  std::string compression = "zstd";
  std::string output;                   ///< as in ComposeRequest
  std::vector<std::string> cache_from;  ///< build caches that misses are looked up in: "oci:DIR[:TAG]" or "type=local,src=DIR"
  std::vector<std::string> cache_to;    ///< where the results of all steps are written: the same with dest=
  unsigned jobs = 0;                    ///< steps at once; 0: one for each processor
  bool no_cache = false;
  bool always_pull = false;  ///< ask the registry for base images even when the store has them
  bool explain_cache = false;
  bool shell_on_error = false;
};

struct BuildResult {
  std::string digest;
  std::vector<std::string> names;
};

/// Builds a Dockerfile: one layer for each instruction that changes files. Nothing is tagged when anything fails. Throws
/// Error naming file, line and column.
BuildResult build_dockerfile(Session& session, const BuildRequest& request);

/// The parsed Dockerfile in BuildKit's notation, one instruction a line (`debug ast`). Throws Error.
std::string show_ast(const std::filesystem::path& dockerfile);
/// The expansion of one word with the variables of `environment` (`debug expand`); with `words`, the words that it becomes
/// as a JSON array. Throws Error(invalid).
std::string show_expansion(const std::string& word, const std::map<std::string, std::string>& environment, bool words);

/// What the linter has to say (`build --check`).
struct CheckResult {
  std::string text;  ///< for people
  std::string json;
  std::size_t warnings = 0;
};
CheckResult check_dockerfile(Session& session, const BuildRequest& request);

}  // namespace jcb
