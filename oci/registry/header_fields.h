// SPDX-License-Identifier: Apache-2.0
// The header fields of registries that have a grammar of their own. Whatever does not follow it is nothing: a header of a
// stranger is no reason to fail, only one to go without it.
//
//   Link        RFC 8288: `<TARGET>; rel="next"`, several separated by commas
//   Range       of an upload's status: `0-END`, inclusive; some servers write `bytes=0-END`
//   Warning     RFC 7234 section 5.5: `299 AGENT "TEXT"`; the distribution-spec uses code 299 alone
//   RateLimit-* of docker.io: `COUNT;w=SECONDS`
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::oci {

/// The target of the first link of `relation` in the value of a Link header, as written (maybe relative).
std::optional<std::string> find_link(std::string_view value, std::string_view relation);

/// How many bytes an upload session has, by the value of its Range header; `0-0` is one, though servers say it for none.
std::optional<std::uint64_t> parse_received_range(std::string_view value);

/// The texts of code 299 in the value of a Warning header, each at most 4096 bytes, as written.
std::vector<std::string> parse_warnings(std::string_view value);

/// A count for a period.
struct RateLimit {
  std::uint64_t count = 0;
  std::uint64_t period_seconds = 0;  ///< 0: not said
};
std::optional<RateLimit> parse_rate_limit(std::string_view value);

/// A media type without its parameters, in lower case: "text/html; charset=utf-8" is "text/html".
std::string bare_media_type(std::string_view content_type);

}  // namespace jcb::oci
