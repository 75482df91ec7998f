// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

namespace jcb::dockerfile {

/// A duration as HEALTHCHECK flags give it (Go's time.ParseDuration): "30s", "1m30s", "1.5h", "250ms". Throws
/// Error(invalid) naming `thing`.
std::chrono::nanoseconds parse_duration(std::string_view text, std::string_view thing);

}  // namespace jcb::dockerfile
