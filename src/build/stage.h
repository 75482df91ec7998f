// SPDX-License-Identifier: Apache-2.0
// What a Dockerfile is after planning: values only, every word expanded, nothing run yet.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dockerfile/run_options.h"
#include "oci/image_config.h"
#include "store/record.h"

namespace jcb::build {

/// What a stage stands on: layers bottom first, and the configuration that it inherits.
struct Base {
  std::vector<store::Layer> layers;
  oci::ImageConfig config;
};

/// What `--from` and `--mount=from=` mean once stage names and named contexts have been looked at.
struct Origin {
  enum class Kind { context, stage, image };
  Kind kind = Kind::context;
  std::string name;       ///< context: "" is the main one, else that of a --build-context; image: as written
  std::size_t stage = 0;  ///< stage: position in the file
  bool operator==(const Origin&) const = default;
};

/// One part of a step's key with a name, so that a miss can be explained.
struct KeyPart {
  std::string name;
  std::string value;
  bool operator==(const KeyPart&) const = default;
};

/// One source of COPY or ADD.
struct PlannedSource {
  enum class Kind { path, heredoc, url, git };
  Kind kind = Kind::path;
  Origin from;           ///< path
  std::string text;      ///< the path, the heredoc's name, or the address
  std::string content;   ///< heredoc
  bool unpack = false;   ///< a local archive is extracted
  bool literal = false;  ///< path: no wildcards
  std::string checksum;  ///< "sha256:..." of a URL, or a commit
  bool keep_git_dir = false;
};

/// COPY and ADD.
struct CopyAction {
  std::vector<PlannedSource> sources;
  std::string destination;  ///< absolute and clean; ends in '/' when it must be a directory
  std::string chown;
  std::string chmod;
  std::vector<std::string> excludes;
  bool parents = false;
  bool link = false;  ///< made on nothing, so that it does not depend on what is below
};

/// RUN.
struct RunAction {
  std::vector<std::string> argv;
  std::vector<std::string> environment;  ///< "K=V": what the key covers, then what it does not (proxies)
  std::string working_directory;
  std::string user;  ///< as USER says
  std::vector<dockerfile::RunMount> mounts;
  std::vector<Origin> mount_origins;  ///< one for each mount
  std::vector<std::string> devices;   ///< full names, all of them there and allowed
  std::string network;                ///< "host" or "none"
  bool insecure = false;
  /// A script with its own interpreter line, shown as /dev/pipes/NAME.
  std::optional<std::pair<std::string, std::string>> script;
};

/// WORKDIR: makes the directory.
struct WorkdirAction {
  std::string directory;
  std::string user;
};

/// One instruction that changes the file system.
struct Step {
  std::variant<RunAction, CopyAction, WorkdirAction> action;
  std::string text;                       ///< the instruction as written, for people
  std::string place;                      ///< "FILE:LINE:COLUMN", for messages
  std::vector<KeyPart> parts;             ///< what its key covers beside the state below and the content of its sources
  std::vector<std::size_t> dependencies;  ///< stages that it takes files from, sorted
};

/// A line of history; `step` is the position in StagePlan::steps, or nothing for an instruction that makes no layer.
struct PlannedHistory {
  std::string created_by;
  std::optional<std::size_t> step;
};

/// A stage with all values known: what to do, in order, and what an image of it will say about itself.
struct StagePlan {
  std::string name;                   ///< for people: "builder", or "stage-2"
  std::optional<std::size_t> parent;  ///< the stage that it stands on
  Base base;                          ///< else the image
  oci::Platform platform;
  std::vector<Step> steps;
  std::vector<PlannedHistory> history;
  oci::ExecutionConfig config;
  std::string author;
  /// ARGs that a stage on this one inherits, with their values.
  std::vector<std::pair<std::string, std::optional<std::string>>> arguments;
};

/// All stages that a target needs.
struct BuildPlan {
  std::string file;                         ///< the Dockerfile's name
  std::map<std::size_t, StagePlan> stages;  ///< by position in the file
  std::size_t target = 0;
  std::map<std::string, Base> images;  ///< what `--from` of images means
  std::int64_t epoch = 0;              ///< SOURCE_DATE_EPOCH: the given one, else when the target's image was made

  const StagePlan& target_stage() const { return stages.at(target); }
};

/// The stages that the target's image consists of, the one on the base image first.
std::vector<std::size_t> chain_of(const BuildPlan& plan);

}  // namespace jcb::build
