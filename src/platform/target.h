// SPDX-License-Identifier: Apache-2.0
// What an image is built for: the facts that every version decision reads. Detected from files under a root (so that a
// board is a file tree in tests), then overridden by the user.
#pragma once

#include "platform/distribution.h"
#include "platform/version.h"
#include "util/root.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::platform {

/// The target of a build.
struct Target {
  std::string arch;       ///< "x86_64" or "aarch64": the processor
  std::string cuda_arch;  ///< upstream's CUDA_ARCH: "tegra-aarch64", "aarch64" (SBSA) or "x86_64"
  Version l4t;            ///< empty where there is none
  Version jetpack;        ///< from l4t
  Version cuda;           ///< empty without CUDA
  Version python;         ///< of the distribution unless overridden
  Distribution distribution;
  std::vector<int> cuda_architectures;  ///< compute capabilities times 10: 87, 110, ...
  std::string board;                    ///< device-tree model, or empty

  bool is_tegra() const noexcept { return cuda_arch == "tegra-aarch64"; }
  /// The base image where the user names none: `ubuntu:22.04` and so on for L4T (upstream's rule), else bootstrap:ID:CODENAME.
  std::string default_base() const;
  /// "x86_64 debian 12" or "tegra-aarch64 L4T 36.4.3 CUDA 12.6 ubuntu 22.04", for messages.
  std::string text() const;
};

/// What the user gives by flags or environment; empty fields are detected or derived. `arch` is one of upstream's
/// CUDA_ARCH values, or "arm64"/"amd64" for the processor alone (an arm64 machine may be a Jetson or not).
struct TargetOverrides {
  std::string l4t, cuda, python, distro, arch;
};

/// The overrides in upstream's variables (L4T_VERSION CUDA_VERSION PYTHON_VERSION LSB_RELEASE CUDA_ARCH SYSTEM_ARCH).
TargetOverrides overrides_from_environment(const std::function<std::optional<std::string>(const char*)>& get_env);

/// Detects the target of the machine whose file system is `root`, running on `machine` ("x86_64", "aarch64"), and
/// applies the overrides; what an override implies follows it (another L4T brings its JetPack, CUDA and distribution).
/// Throws Error(usage) for malformed or contradictory overrides, Error(unsupported) for another machine.
Target detect_target(const util::Root& root, std::string_view machine, const TargetOverrides& overrides);

}  // namespace jcb::platform
