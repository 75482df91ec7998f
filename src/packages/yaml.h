// SPDX-License-Identifier: Apache-2.0
// Headers and configs of packages are read under util's default limits: far above any real one.
#pragma once

#include "packages/node.h"
#include "util/yaml.h"

namespace jcb::packages {

/// The most that is read of a config file.
inline constexpr std::size_t k_config_limit_bytes = util::NodeLimits{}.bytes;

using util::parse_yaml;
using util::SourceText;

}  // namespace jcb::packages
