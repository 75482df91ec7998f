// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "build/device_access.h"
#include "build/source_file.h"
#include "build/stage.h"
#include "build/stages.h"

namespace jcb::build {

/// What a plan depends on beside the Dockerfile itself.
struct PlanInputs {
  /// Brings an image and returns it as a base. Called once for each image and platform, before anything runs.
  std::function<Base(const std::string& image, const oci::Platform& platform)> load_image;
  std::map<std::string, std::string> build_args;
  NamedContexts contexts;
  std::string target;  ///< stage; empty: the last
  oci::Platform platform = oci::Platform::host();
  bool has_context = true;  ///< false: COPY from the context is an error
  /// Variables that RUN sees and neither the image nor a key holds (proxies).
  std::map<std::string, std::string> hidden_environment;
  /// Variables that RUN sees and keys cover, but not the image (DEBIAN_FRONTEND).
  std::map<std::string, std::string> extra_environment;
  std::optional<std::string> given_epoch;  ///< SOURCE_DATE_EPOCH of the environment
  std::string network = "host";
  bool allow_insecure = false;            ///< RUN --security=insecure may be asked for
  const DeviceAccess* devices = nullptr;  ///< what RUN --device may get; null: nothing. Borrowed
};

/// Plans what the target needs: expands every word, follows ENV, ARG, WORKDIR, USER, SHELL and ONBUILD. Runs nothing and
/// reads no file. Throws Error naming file, line and column.
BuildPlan plan_build(const SourceFile& file, const PlanInputs& inputs);

}  // namespace jcb::build
