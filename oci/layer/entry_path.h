// SPDX-License-Identifier: Apache-2.0
// What an entry's name means as a place below the target. Private to oci/layer.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace jcb::oci {

/// The name as a relative path without ".", ".." and empty parts; "" is the target itself. A ".." takes the part before
/// it away and stops at the target. This only decides what is meant: that nothing is reached outside is the work of
/// util::Root, whatever links are on the way. Throws Error(invalid) for parts above 255 bytes and depths above 1,024.
std::string clean_entry_path(std::string_view name, const std::string& thing);

/// The parts before and after the last slash; the first is "" for a path in the target itself.
std::pair<std::string_view, std::string_view> split_entry_path(std::string_view path) noexcept;

}  // namespace jcb::oci
