// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace jcb::oci {

/// Which part of a body a 206 holds (RFC 9110 section 14.4).
struct ContentRange {
  std::uint64_t first = 0, last = 0;   ///< both included
  std::optional<std::uint64_t> total;  ///< of the whole body; nothing for "*"
};

/// Parses "bytes 5-9/10" or "bytes 5-9/*"; nothing for anything else, or for numbers that contradict each other.
std::optional<ContentRange> parse_content_range(std::string_view text);

}  // namespace jcb::oci
