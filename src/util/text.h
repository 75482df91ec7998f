// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::util {

/// Splits at every `separator`; "" gives one empty part, as "a," gives "a" and "".
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
/// Without leading and trailing ASCII white space.
std::string_view trim(std::string_view text) noexcept;
std::string to_lower(std::string_view text);

/// `text` safe to print on a terminal: C0 and C1 controls, DEL, bidirectional overrides and invalid UTF-8 become
/// visible escapes (\x1b, \u202e). Newline and tab stay only when asked.
std::string escape_text(std::string_view text, bool keep_newlines = false);
/// A word as a POSIX shell would need it quoted to read it back; for messages that show a command.
std::string quote_for_shell(std::string_view word);

/// Up to `count` of the `candidates` nearest to `name` by edit distance, nearest first, none that is hopelessly far.
std::vector<std::string> nearest_names(std::string_view name, const std::vector<std::string>& candidates, std::size_t count = 3);
/// "did you mean a, b or c?" or "" when there are none.
std::string did_you_mean(const std::vector<std::string>& names);

/// fnmatch(3) without flags: `*` also matches `/`. Linear in practice, never exponential.
bool matches_glob(std::string_view pattern, std::string_view text);

/// Bytes for people: "512 B", "14.2 MB" (powers of 1000, as docker prints).
std::string format_bytes(std::uint64_t bytes);
/// Seconds since the epoch as RFC 3339 in UTC, "2024-01-02T03:04:05Z".
std::string format_rfc3339(std::int64_t seconds);
/// The inverse, fractions dropped and offsets applied. Throws Error(invalid).
std::int64_t parse_rfc3339(std::string_view text);
/// A decimal number of only digits that fits. Throws Error(invalid) naming `thing`.
std::uint64_t parse_unsigned(std::string_view text, std::string_view thing);

}  // namespace jcb::util
