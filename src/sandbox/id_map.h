// SPDX-License-Identifier: Apache-2.0
// subuid(5) and uid_map (user_namespaces(7)) as values.
#pragma once

#include "sandbox/isolation.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::sandbox {

/// A range of subordinate ids of one user.
struct SubordinateRange {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  bool operator==(const SubordinateRange&) const = default;
};

/// The ranges that the text of /etc/subuid or /etc/subgid gives to a user, known there by name or by number, in the
/// order of the file. Lines that do not parse are passed over, as newuidmap does.
std::vector<SubordinateRange> parse_subordinate_ranges(std::string_view text, std::string_view name, std::uint32_t uid);

/// The map of our user namespace: 0 is the caller, 1 and up are the ranges one after the other.
std::vector<IdRange> make_id_map(std::uint32_t caller, const std::vector<SubordinateRange>& ranges);

/// The text of /proc/PID/uid_map. Throws Error(invalid).
std::vector<IdRange> parse_id_map(std::string_view text);

/// Whether the map is that of the initial user namespace.
bool is_initial(const std::vector<IdRange>& map) noexcept;

}  // namespace jcb::sandbox
