// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "build/commit.h"
#include "build/image_writer.h"
#include "build/solver.h"
#include "build/stage.h"
#include "jcbuild/progress.h"

namespace jcb::build {

/// What an image says that no Dockerfile says.
struct ImageLabels {
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
};

/// Makes an image of a solved plan: commits the tree of each step between the target and its base image as a layer, once,
/// lines the history up with them, and writes config and manifest. No tag. Same input, same bytes. Throws Error.
oci::Descriptor assemble_image(const store::Store& store, const BuildPlan& plan, const std::map<std::size_t, SolvedStage>& solved,
                               const CommitOptions& options, const ImageLabels& labels, Task& task);

}  // namespace jcb::build
