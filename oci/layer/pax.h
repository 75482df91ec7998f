// SPDX-License-Identifier: Apache-2.0
// pax extended headers: records "LENGTH KEY=VALUE\n" where LENGTH counts the whole record in decimal
// (POSIX.1-2017 pax, "pax Extended Header"). Private to oci/layer.
#pragma once

#include "oci/layer/tar.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jcb::oci {

/// One record.
using PaxRecord = std::pair<std::string, std::string>;

/// A time as pax writes it.
struct PaxTime {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;
};

inline constexpr std::string_view k_pax_xattr = "SCHILY.xattr.";

/// The text of one record.
std::string make_pax_record(std::string_view key, std::string_view value);
/// Splits a header's content into its records, in order (GNU's first sparse format repeats keys). Throws Error(invalid)
/// that begins with `thing`.
std::vector<PaxRecord> parse_pax_records(std::string_view content, const std::string& thing);
/// A decimal number of digits only that fits; nothing otherwise.
std::optional<std::uint64_t> parse_pax_number(std::string_view text) noexcept;
/// "[-]SECONDS[.FRACTION]", cut at nanoseconds towards the past; nothing otherwise.
std::optional<PaxTime> parse_pax_time(std::string_view text) noexcept;
/// The inverse.
std::string make_pax_time(const PaxTime& time);

}  // namespace jcb::oci
