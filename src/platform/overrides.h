// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "platform/target.h"

#include <optional>
#include <string>

namespace jcb::platform {

/// TargetOverrides once parsed; empty or absent where the user gave nothing.
struct ParsedOverrides {
  Version l4t;
  std::optional<Version> cuda;  ///< an empty version: "none"
  Version python;
  std::optional<Distribution> distribution;
  std::string processor;  ///< "x86_64", "aarch64"
  std::string cuda_arch;  ///< set only when the user named more than the processor
};

/// "x86_64" or "aarch64" for the names that kernels and image specs use; nothing for other processors.
std::optional<std::string> find_processor(std::string_view name);

/// Parses the overrides. Throws Error(usage) for malformed or contradictory ones.
ParsedOverrides parse_overrides(const TargetOverrides& overrides);

}  // namespace jcb::platform
