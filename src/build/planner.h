// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "build/context.h"
#include "build/source_file.h"
#include "build/stage.h"
#include "build/step_key.h"

namespace jcb::build {

/// What a plan depends on beside the Dockerfile itself.
struct PlanInputs {
  const Base* base = nullptr;        ///< what FROM means
  const Context* context = nullptr;  ///< nothing: COPY is an error
  std::map<std::string, std::string> build_args;
  /// Variables that RUN sees and neither the image nor a key holds (proxies).
  std::map<std::string, std::string> hidden_environment;
  /// Variables that RUN sees and keys cover, but not the image (SOURCE_DATE_EPOCH, DEBIAN_FRONTEND).
  std::map<std::string, std::string> extra_environment;
  KeyStart start;  ///< diff_ids are filled in from `base`
  std::string network = "host";
};

/// Plans the single stage of a Dockerfile: expands every word, follows ENV, ARG, WORKDIR, USER, SHELL, hashes what COPY
/// takes, and keys every step. Reads the context, runs nothing. Throws Error naming file, line and column.
Plan plan_stage(const SourceFile& file, const PlanInputs& inputs);

}  // namespace jcb::build
