// SPDX-License-Identifier: Apache-2.0
// An HTTP client for strangers' servers. `HttpClient::send` holds the rules, which are the same whatever carries the
// bytes: redirects and what may follow them, retries and their pace, a body that was cut short and goes on where it
// stopped, limits. What carries the bytes is `exchange`: CurlHttp (curl_http.h) and the fake of the tests.
//
// Redirects   at most 5; only http and https; never from https to http; Authorization and Cookie go to the origin (scheme,
//             host, port) that they were given for and to no other.
// Retries     6, for what may be over the next time: no connection (3 of them), a cut, 408, 429, 500, 502, 503, 504. The
//             pause doubles from half a second, with jitter, or is what Retry-After says, at most 120 s. A try that brought
//             the body further does not count. POST and PATCH are repeated only when nothing can have happened (no
//             connection, 421, 429); so is a request with `retry_body` off.
// Resuming    with Range and If-Range, where the server names the version by a strong ETag or a date, or with Range alone
//             what is `immutable`; else from the start.
// Networks    link-local and metadata addresses are never reached; private ones not where `keep_public` or `only_public`
//             says so. What counts is the address that is connected to.
// Encoding    what the sink gets is what came over the wire, whatever Content-Encoding says: digests are over that.
// Messages    hold URLs without user information and query; headers are never shown.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jcbuild/error.h"

namespace jcb::oci {

/// Header fields in order; names compare without case.
class HttpHeaders {
 public:
  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<std::pair<std::string, std::string>> fields) : m_fields(fields) {}
  void add(std::string name, std::string value) { m_fields.emplace_back(std::move(name), std::move(value)); }
  void remove(std::string_view name);
  /// The first value of `name`, or nothing.
  std::optional<std::string> find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const noexcept { return m_fields; }

 private:
  std::vector<std::pair<std::string, std::string>> m_fields;
};

/// What a request sends: `size_bytes` bytes, read by offset, so that a redirect or a retry can read them again.
struct HttpBody {
  std::uint64_t size_bytes = 0;
  /// Fills `buffer` from `offset` and returns how much it read, at least one byte before the end.
  std::function<std::size_t(std::uint64_t offset, char* buffer, std::size_t size)> read;
};

/// A part of a body: `size_bytes` (at least 1) from offset `first`.
struct HttpRange {
  std::uint64_t first = 0;
  std::uint64_t size_bytes = 0;
};

/// One request, with a limit for what comes back.
struct HttpRequest {
  std::string method = "GET";
  /// http or https; its user information becomes HTTP Basic unless `headers` hold Authorization.
  std::string url;
  HttpHeaders headers;
  std::optional<HttpBody> body;
  /// The most bytes of a response's body; more is Error(invalid).
  std::uint64_t limit_bytes = std::uint64_t{4} << 20;
  /// A part of the body is wanted. The answer is exactly that part (206), or a status of 200 with no byte in the sink: the
  /// server does not know parts, or sends wrong ones. 416 is an answer like any other. A body that ends before the part
  /// does is Error(invalid).
  std::optional<HttpRange> range;
  /// The body can never change (its digest is known): it is resumed without If-Range.
  bool immutable = false;
  /// Redirects from a server with a public address must not lead to one of a private network (loopback, RFC 1918, ULA).
  bool keep_public = false;
  /// No address of a private network may be connected to at all.
  bool only_public = false;
  /// Whether a request with a body is sent again after it broke off or got a status of 5xx. False: HttpFailure(cut) or
  /// that status is for the caller, who has to ask the server how far it got.
  bool retry_body = true;
  /// The body holds credentials: a redirect to another origin is refused.
  bool secret_body = false;
};

/// What a server answered. The body of a status of 2xx went to the sink; of any other it is here, cut at 64 KiB.
struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  std::string url;  ///< after redirects, without user information
  std::string error_body;
  /// The address that answered the first hop: one of a private network (is_private_address), a public one, or not known
  /// (a proxy's).
  enum class Peer { unknown, private_network, public_network };
  Peer peer = Peer::unknown;
};

/// Takes the body of a successful response.
class HttpSink {
 public:
  virtual ~HttpSink() = default;
  virtual void write(std::string_view bytes) = 0;
  /// What was written is void: the body begins again (it was cut short and cannot be resumed).
  virtual void restart() = 0;
  /// Called at least every second while nothing arrives and before a retry: throws when the body is not wanted any more.
  virtual void check_wanted() {}
};

/// A body in memory.
class TextSink final : public HttpSink {
 public:
  void write(std::string_view bytes) override { m_text.append(bytes); }
  void restart() override { m_text.clear(); }
  const std::string& text() const noexcept { return m_text; }

 private:
  std::string m_text;
};

/// The pace and the limits of a client.
struct HttpRules {
  int redirects = 5;
  int retries = 6;
  int connection_retries = 3;  ///< of `retries`, when nobody answers at all
  std::chrono::milliseconds first_pause{500};
  std::chrono::seconds longest_pause{120};  ///< also for Retry-After
  std::chrono::seconds connect_timeout{15};
  std::chrono::seconds stall_timeout{60};  ///< below `stall_bytes` a second for so long is a cut
  std::uint32_t stall_bytes = 1024;
  std::uint32_t header_bytes = 64 << 10;
  bool allow_link_local = false;  ///< also connect to 169.254.0.0/16, fe80::/10 and metadata addresses
};

/// What `exchange` tells while it goes on. Both may throw; false ends the exchange.
class HttpReceiver {
 public:
  virtual ~HttpReceiver() = default;
  /// The status line and all headers of the final response (not of 1xx), before its body.
  virtual bool head(HttpResponse response) = 0;
  virtual bool body(std::string_view bytes) = 0;
  /// As HttpSink::check_wanted.
  virtual void check_wanted() {}
};

/// How one exchange ended.
struct HttpOutcome {
  enum class End {
    complete,     ///< the whole response was received
    stopped,      ///< the receiver had enough
    cut,          ///< the connection was there and broke, stalled or made no sense
    unreachable,  ///< no connection: nothing was sent
    no_tls,       ///< a connection, but what answered does not speak TLS: nothing was sent
  };
  End end = End::complete;
  std::string cause;  ///< for people; empty when complete
};

/// No response could be had: Error(failed) with the reason, for callers who know another way.
class HttpFailure final : public Error {
 public:
  enum class Reason {
    unreachable,  ///< no connection: name not found, nobody there, a proxy that refuses
    cut,          ///< the connection broke, however often it was tried
    no_tls,       ///< https, and the server speaks something else. Whoever sits in between can make it seem so: the way to
                  ///< http is only open where the user has opened it
    certificate,  ///< https, and the server's certificate, or ours, was not accepted
  };
  HttpFailure(Reason reason, std::string message, std::string hint = {})
      : Error(ErrorKind::failed, std::move(message), std::move(hint)), m_reason(reason) {}
  Reason reason() const noexcept { return m_reason; }

 private:
  Reason m_reason;
};

struct HttpUrl;

/// Sends requests by the rules above. Safe to use from several threads.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Sends and receives. Any status is a result, 4xx and 5xx too, once retries are used up; see require_success.
  /// Throws HttpFailure when no response could be had, Error(refused) for what the rules forbid, Error(invalid) for a
  /// malformed request or response or one above a limit; Interrupted.
  HttpResponse send(const HttpRequest& request, HttpSink& sink);
  /// False where `url` is known to lead to something that does not speak TLS: https need not be tried. A hint, not a check.
  virtual bool speaks_tls(const HttpUrl& url);
  /// Waits before a try of the caller's own, the `number`th (from 0) that brought nothing, at the pace of `send`; what
  /// Retry-After of the last `response` says counts. Throws Interrupted.
  void wait_to_retry(int number, const HttpResponse& response = {});

 protected:
  explicit HttpClient(HttpRules rules) : m_rules(rules) {}
  const HttpRules& rules() const noexcept { return m_rules; }

 private:
  /// One request and its response, no redirect followed. `request.url` has no user information; `range`, `immutable` and
  /// `keep_public` are headers and rules already. Throws Error for what no retry can help (a certificate, a denied address).
  virtual HttpOutcome exchange(const HttpRequest& request, HttpReceiver& receiver) = 0;
  /// Waits before a retry. Throws Interrupted, and what HttpSink::check_wanted throws.
  virtual void pause(std::chrono::milliseconds duration, HttpSink& sink);

  HttpOutcome follow(HttpRequest request, HttpReceiver& receiver, const HttpResponse& last);
  [[noreturn]] void fail(const HttpRequest& request, const HttpOutcome& outcome) const;
  HttpRules m_rules;
};

/// Throws for any status but 2xx: Error(not_found) for 404 and 410, Error(refused) for 401 and 403, else Error(failed):
/// "cannot get URL: the server answered 404".
void require_success(const HttpRequest& request, const HttpResponse& response);

}  // namespace jcb::oci
