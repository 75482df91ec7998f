// SPDX-License-Identifier: Apache-2.0
// What a stage of a Dockerfile is, before and after planning.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "build/copy.h"
#include "dockerfile/instruction.h"
#include "oci/image_config.h"
#include "store/record.h"

namespace jcb::build {

/// What a stage stands on: layers bottom first, and the configuration that it inherits.
struct Base {
  std::vector<store::Layer> layers;
  oci::ImageConfig config;
};

enum class StepKind { run, copy, workdir };

/// One instruction that changes the file system, with everything resolved that does not need the file system.
struct Step {
  StepKind kind = StepKind::run;
  std::string key;    ///< names the result: covers all that the step was built on
  std::string text;   ///< the instruction as written, for people
  std::string place;  ///< "FILE:LINE:COLUMN", for messages

  std::vector<std::string> argv;         ///< run
  std::vector<std::string> environment;  ///< run: "K=V", sorted
  std::string working_directory;         ///< run
  std::string user;                      ///< run and workdir: as USER says

  CopyRequest copy;                 ///< copy
  std::vector<CopySource> sources;  ///< copy
  std::string destination;          ///< copy, workdir: absolute; a copy into a directory ends in '/'
};

/// A line of history; `step` is the position in Plan::steps, or nothing for an instruction that makes no layer.
struct PlannedHistory {
  std::string created_by;
  std::optional<std::size_t> step;
};

/// A stage with all values known: what to do, in order, and what the image will say about itself.
struct Plan {
  std::vector<Step> steps;
  std::vector<PlannedHistory> history;
  oci::ExecutionConfig config;
  /// The key after the last step: two plans with equal keys give equal trees.
  std::string key;
};

}  // namespace jcb::build
