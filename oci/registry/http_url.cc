// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/http_url.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <vector>

#include "jcbuild/error.h"
#include "oci/registry/base64.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr std::size_t k_max_url_bytes = 8192;

[[noreturn]] void fail(std::string_view cause) { throw Error(ErrorKind::invalid, "malformed URL: " + std::string(cause)); }

// What is before the first of `marks`; `text` is left with the rest, the mark included.
std::string_view take_until(std::string_view& text, std::string_view marks) {
  const std::string_view taken = text.substr(0, text.find_first_of(marks));
  text.remove_prefix(taken.size());
  return taken;
}

void check_characters(std::string_view text) {
  if (text.size() > k_max_url_bytes) fail("longer than 8192 bytes");
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '\\') fail("it holds a space, control character or backslash");
  }
}

std::uint16_t default_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

std::uint16_t parse_port(std::string_view text, std::string_view scheme) {
  if (text.empty()) return default_port(scheme);
  const bool digits = text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
  const unsigned long port = digits ? std::stoul(std::string(text)) : 0;
  if (port == 0 || port > 65535) fail("no valid port");
  return static_cast<std::uint16_t>(port);
}

// authority = [ userinfo "@" ] host [ ":" port ]. The last `@` counts, as in every client: RFC 3986 allows no other.
void parse_authority(std::string_view authority, HttpUrl& url) {
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    url.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  const auto colon = authority.find(':', authority.starts_with('[') ? std::min(authority.find(']'), authority.size()) : 0);
  url.host = util::to_lower(authority.substr(0, colon));
  const bool literal = url.host.starts_with('[') && url.host.ends_with(']') && url.host.size() > 4;
  if (!literal && (url.host.empty() || url.host.starts_with('-') || url.host.find_first_of("[]@<>\"'`{}|^%") != std::string::npos))
    fail("no valid host");
  url.port = parse_port(colon == std::string_view::npos ? std::string_view() : authority.substr(colon + 1), url.scheme);
}

void parse_target(std::string_view target, HttpUrl& url) {
  url.path = take_until(target, "?#");
  if (!url.path.starts_with('/')) url.path.insert(0, "/");
  url.query.clear();
  if (target.starts_with('?')) url.query = take_until(target, "#").substr(1);
}

// RFC 3986 section 5.2.4.
std::string remove_dot_segments(const std::string& path) {
  std::vector<std::string> kept;
  const auto parts = util::split(path.substr(1), '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    if (parts[i] == "..") {
      if (!kept.empty()) kept.pop_back();
      if (last) kept.emplace_back();
    } else if (parts[i] != ".") {
      kept.push_back(parts[i]);
    } else if (last) {
      kept.emplace_back();
    }
  }
  return "/" + util::join(kept, "/");
}

// The scheme that a reference starts with (ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ) ":"), or "" for a relative one.
std::string scheme_of(std::string_view text) {
  const auto end = text.find_first_of(":/?#");
  if (end == std::string_view::npos || end == 0 || text[end] != ':') return {};
  return util::to_lower(text.substr(0, end));
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A decimal field at a fixed place of an HTTP date.
int date_field(std::string_view text, std::size_t at, std::size_t size) {
  return static_cast<int>(util::parse_unsigned(text.substr(at, size), "an HTTP date"));
}

}  // namespace

HttpUrl HttpUrl::parse(std::string_view text) {
  check_characters(text);
  HttpUrl url;
  url.scheme = scheme_of(text);
  if (url.scheme != "http" && url.scheme != "https")
    throw Error(ErrorKind::refused, "a URL of scheme \"" + util::escape_text(url.scheme) + "\" is not fetched, only http and https");
  text.remove_prefix(url.scheme.size() + 1);
  if (!text.starts_with("//")) fail("no // after the scheme");
  text.remove_prefix(2);
  parse_authority(take_until(text, "/?#"), url);
  parse_target(text, url);
  return url;
}

HttpUrl HttpUrl::resolve(std::string_view reference) const {
  check_characters(reference);
  if (!scheme_of(reference).empty()) return parse(reference);
  if (reference.starts_with("//")) return parse(scheme + ":" + std::string(reference));
  HttpUrl url = *this;
  url.user_info.clear();
  std::string_view rest = reference;
  const std::string_view relative = take_until(rest, "?#");
  if (relative.empty()) {
    parse_target(path + (rest.starts_with('?') ? std::string(rest) : "?" + query), url);
    return url;
  }
  const std::string base = relative.starts_with('/') ? "" : path.substr(0, path.rfind('/') + 1);
  parse_target(base + std::string(reference), url);
  url.path = remove_dot_segments(url.path);
  return url;
}

std::string HttpUrl::origin() const {
  return scheme + "://" + host + (port == default_port(scheme) ? std::string() : ":" + std::to_string(port));
}

std::string HttpUrl::text() const { return origin() + path + (query.empty() ? "" : "?" + query); }

std::string HttpUrl::shown() const { return origin() + path + (query.empty() ? "" : "?..."); }

bool is_http_url(std::string_view text) {
  const std::string start = util::to_lower(text.substr(0, 8));
  return start.starts_with("http://") || start.starts_with("https://");
}

std::string decode_percent(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1, low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) fail("a % without two hexadecimal digits");
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string make_basic_authorization(std::string_view user, std::string_view password) {
  return "Basic " + encode_base64(std::string(user) + ":" + std::string(password));
}

std::string make_basic_authorization(std::string_view user_info) {
  const auto colon = user_info.find(':');
  const std::string password = colon == std::string_view::npos ? "" : decode_percent(user_info.substr(colon + 1));
  return make_basic_authorization(decode_percent(user_info.substr(0, colon)), password);
}

std::int64_t parse_http_date(std::string_view text) {
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  // By hand: strptime(3) would read the names of months in the user's language.
  const auto month = text.size() == 29 && text.ends_with(" GMT") ? months.find(text.substr(8, 3)) : std::string_view::npos;
  if (month == std::string_view::npos || month % 3 != 0) throw Error(ErrorKind::invalid, "malformed HTTP date");
  struct tm time {};
  time.tm_mday = date_field(text, 5, 2);
  time.tm_mon = static_cast<int>(month / 3);
  time.tm_year = date_field(text, 12, 4) - 1900;
  time.tm_hour = date_field(text, 17, 2);
  time.tm_min = date_field(text, 20, 2);
  time.tm_sec = date_field(text, 23, 2);
  return ::timegm(&time);
}

}  // namespace jcb::oci
