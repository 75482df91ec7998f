// SPDX-License-Identifier: Apache-2.0
// The part of RFC 3986 that http and https need: taken apart, put together, and a reference resolved against a base.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace jcb::oci {

/// An absolute http or https URL, valid by construction: no control characters or spaces, a host, a port that fits.
struct HttpUrl {
  std::string scheme;     ///< "http" or "https"
  std::string user_info;  ///< what stands before `@`, as written; secret
  std::string host;       ///< lower case; an IPv6 address in its brackets
  std::uint16_t port = 0;
  std::string path;   ///< starts with `/`
  std::string query;  ///< without `?`

  /// Throws Error(invalid), or Error(refused) for another scheme. The message never holds the user information.
  static HttpUrl parse(std::string_view text);
  /// The target of a Location header in an answer from here (RFC 3986 section 5.2, fragments dropped). Throws Error.
  HttpUrl resolve(std::string_view reference) const;

  /// The whole URL without user information and fragment: what is sent and hashed.
  std::string text() const;
  /// The URL for a message: without the query as well, where signed URLs and upload sessions keep what opens them.
  std::string shown() const;
  /// Scheme, host and port: credentials for one origin are never sent to another.
  std::string origin() const;
  bool operator==(const HttpUrl&) const = default;
};

/// Whether `text` starts with http:// or https:// (any case).
bool is_http_url(std::string_view text);

/// `text` with %XX decoded. Throws Error(invalid) for a malformed escape.
std::string decode_percent(std::string_view text);

/// The value of an Authorization header for HTTP Basic (RFC 7617).
std::string make_basic_authorization(std::string_view user, std::string_view password);
/// The same from the user information of a URL: `user:password`, each percent-encoded.
std::string make_basic_authorization(std::string_view user_info);

/// Seconds since the epoch of an HTTP date in the form that servers must send ("Sun, 06 Nov 1994 08:49:37 GMT",
/// RFC 9110 section 5.6.7). Throws Error(invalid).
std::int64_t parse_http_date(std::string_view text);

}  // namespace jcb::oci
