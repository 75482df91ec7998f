// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jcbuild/session.h"

namespace jcb {

/// What `jcbuild build` is asked for.
struct BuildRequest {
  std::filesystem::path context;
  std::filesystem::path dockerfile;  ///< empty: Dockerfile in the context
  std::vector<std::string> names;    ///< tags in the store; may be empty
  std::map<std::string, std::string> build_args;
  std::map<std::string, std::string> labels;
  std::string network = "host";
  std::string compression = "zstd";
  std::string output;  ///< as in ComposeRequest
  bool no_cache = false;
};

struct BuildResult {
  std::string digest;
  std::vector<std::string> names;
};

/// Builds a Dockerfile: one layer for each instruction that changes files. Throws Error naming file, line and column.
BuildResult build_dockerfile(Session& session, const BuildRequest& request);

}  // namespace jcb
