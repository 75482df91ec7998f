// SPDX-License-Identifier: Apache-2.0
// Conditional and range requests (RFC 9110 sections 13 and 14) on content that its digest names: entity tags are the
// digest in quotes, and strong.
#pragma once

#include <cstdint>
#include <string>

#include "oci/server/message.h"

namespace jcb::oci {

/// Whether If-None-Match has the entity tag, so that 304 is the answer.
bool is_unchanged(const ServerRequest& request, const std::string& entity_tag);

enum class RangeKind { whole, part, unsatisfiable };

/// Which bytes are sent.
struct RangeChoice {
  RangeKind kind = RangeKind::whole;
  std::uint64_t first = 0;
  std::uint64_t size_bytes = 0;
  bool operator==(const RangeChoice&) const = default;
};

/// What Range and If-Range ask for of `size_bytes` bytes. Several ranges, other units and malformed headers mean the
/// whole, as the RFC allows and demands.
RangeChoice choose_range(const ServerRequest& request, const std::string& entity_tag, std::uint64_t size_bytes);

}  // namespace jcb::oci
