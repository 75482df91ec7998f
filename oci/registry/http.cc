// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/http.h"

#include <poll.h>

#include <algorithm>
#include <random>

#include "jcbuild/error.h"
#include "oci/registry/http_delivery.h"
#include "oci/registry/http_url.h"
#include "util/interrupt.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

using std::chrono::milliseconds;
using End = HttpOutcome::End;

// Tries that brought the body this much further start the count of retries anew.
constexpr std::uint64_t k_progress_bytes = 64 << 10;

bool is_same_name(std::string_view a, std::string_view b) { return util::to_lower(a) == util::to_lower(b); }

bool is_redirect(const HttpResponse& response) {
  const int status = response.status;
  return (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) && response.headers.find("Location");
}

// 421: the connection was the wrong one for this host (RFC 9110 section 15.5.20); CurlHttp does not use it again.
bool is_transient(int status) {
  return status == 408 || status == 421 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

bool is_answer(const HttpOutcome& outcome) { return outcome.end == End::complete || outcome.end == End::stopped; }

void check_headers(const HttpHeaders& headers) {
  for (const auto& [name, value] : headers.fields()) {
    const bool good_name = !name.empty() && name.find_first_of(" :\t\r\n") == std::string::npos;
    if (!good_name || value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
      throw Error(ErrorKind::invalid, "a header of a request holds a line break");
  }
}

// User information moves from the URL into a header: from here on only one rule has to know about credentials.
HttpRequest take_user_info(HttpRequest request) {
  const HttpUrl url = HttpUrl::parse(request.url);
  if (!url.user_info.empty() && !request.headers.find("Authorization"))
    request.headers.add("Authorization", make_basic_authorization(url.user_info));
  request.url = url.text();
  check_headers(request.headers);
  return request;
}

void drop_body(HttpRequest& request) {
  request.body.reset();
  for (const char* name : {"Content-Type", "Content-Length", "Content-Range"}) request.headers.remove(name);
}

// Turns `request` into the one that a redirect asks for.
void redirect(HttpRequest& request, const HttpResponse& response) {
  const HttpUrl from = HttpUrl::parse(request.url);
  const HttpUrl to = in_step("following a redirect of " + from.shown(), [&] { return from.resolve(*response.headers.find("Location")); });
  if (from.scheme == "https" && to.scheme == "http")
    throw Error(ErrorKind::refused, from.shown() + " redirects from https to " + to.origin() + ", which is not encrypted");
  if (from.origin() != to.origin()) {
    if (request.secret_body)
      throw Error(ErrorKind::refused,
                  from.shown() + " redirects to " + to.origin() + ", which is not sent the credentials of this request");
    for (const char* name : {"Authorization", "Cookie", "Proxy-Authorization"}) request.headers.remove(name);
  }
  // As all clients: 303 becomes GET, and so does POST after 301 and 302; 307 and 308 repeat the request.
  const bool to_get = (response.status == 303 && request.method != "HEAD") || (response.status <= 302 && request.method == "POST");
  if (to_get) {
    request.method = "GET";
    drop_body(request);
  }
  request.url = to.text();
}

std::optional<milliseconds> retry_after(const HttpResponse& response, std::chrono::seconds longest) {
  const auto value = response.headers.find("Retry-After");
  if (!value) return std::nullopt;
  try {
    if (value->ends_with("GMT")) {
      const auto left =
          std::chrono::seconds(parse_http_date(*value) - std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
      return std::clamp(left, std::chrono::seconds(0), longest);
    }
    const std::uint64_t seconds = util::parse_unsigned(*value, "Retry-After");
    return std::chrono::seconds(std::min<std::uint64_t>(seconds, static_cast<std::uint64_t>(longest.count())));
  } catch (const Error&) {
    return std::nullopt;  // nonsense or negative: our own pace
  }
}

// Half to whole of a step that doubles: clients that were cut off together do not come back together.
milliseconds own_pause(const HttpRules& rules, int tries) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  const auto step = std::min<milliseconds>(rules.first_pause * (1 << std::clamp(tries, 0, 20)), rules.longest_pause);
  return milliseconds(std::uniform_int_distribution<milliseconds::rep>(step.count() / 2, step.count())(random));
}

// Counts the tries of one send and says how long to wait before the next.
class Retries {
 public:
  Retries(const HttpRules& rules, const HttpRequest& request)
      : m_rules(rules), m_repeatable(request.method != "POST" && request.method != "PATCH" && (request.retry_body || !request.body)) {}

  /// Nothing: it ends here.
  std::optional<milliseconds> next(const HttpOutcome& outcome, const HttpResponse& last, std::uint64_t furthest) {
    if (furthest >= m_furthest + k_progress_bytes) {
      m_tries = 0;
      m_furthest = furthest;
    }
    const bool unreachable = outcome.end == End::unreachable;
    const bool untouched = unreachable || (outcome.end != End::cut && (last.status == 429 || last.status == 421));
    if (!m_repeatable && !untouched) return std::nullopt;
    if (m_tries >= (unreachable ? m_rules.connection_retries : m_rules.retries)) return std::nullopt;
    const auto asked = outcome.end == End::complete ? retry_after(last, m_rules.longest_pause) : std::nullopt;
    const auto pause = asked ? *asked : own_pause(m_rules, m_tries);
    ++m_tries;
    return pause;
  }

 private:
  const HttpRules& m_rules;
  bool m_repeatable;
  int m_tries = 0;
  std::uint64_t m_furthest = 0;
};

}  // namespace

void HttpHeaders::remove(std::string_view name) {
  std::erase_if(m_fields, [&](const auto& field) { return is_same_name(field.first, name); });
}

std::optional<std::string> HttpHeaders::find(std::string_view name) const {
  for (const auto& [candidate, value] : m_fields) {
    if (is_same_name(candidate, name)) return value;
  }
  return std::nullopt;
}

HttpOutcome HttpClient::follow(HttpRequest request, HttpReceiver& receiver, const HttpResponse& last) {
  request = take_user_info(std::move(request));
  const std::string start = HttpUrl::parse(request.url).shown();
  for (int hops = 0;; ++hops) {
    const HttpOutcome outcome = exchange(request, receiver);
    if (!is_answer(outcome) || !is_redirect(last)) return outcome;
    if (hops == m_rules.redirects)
      throw Error(ErrorKind::refused, start + " redirects more than " + std::to_string(m_rules.redirects) + " times");
    redirect(request, last);
    // A proxy hides where the first hop was; what it redirects to is then judged as if that were public.
    if (request.keep_public && last.peer != HttpResponse::Peer::private_network) request.only_public = true;
  }
}

bool HttpClient::speaks_tls(const HttpUrl&) { return true; }

void HttpClient::fail(const HttpRequest& request, const HttpOutcome& outcome) const {
  using Reason = HttpFailure::Reason;
  const Reason reason = outcome.end == End::unreachable ? Reason::unreachable : outcome.end == End::no_tls ? Reason::no_tls : Reason::cut;
  throw HttpFailure(reason, "cannot " + util::to_lower(request.method) + " " + HttpUrl::parse(request.url).shown() + ": " + outcome.cause);
}

HttpResponse HttpClient::send(const HttpRequest& request, HttpSink& sink) {
  HttpDelivery delivery(request, sink);
  Retries retries(m_rules, request);
  for (;;) {
    util::check_interrupt();
    HttpOutcome outcome = follow(delivery.next_request(), delivery, delivery.last());
    if (outcome.end == End::no_tls) fail(request, outcome);
    if (delivery.is_whole()) return delivery.result();
    if (const std::string fault = is_answer(outcome) ? delivery.find_fault() : ""; !fault.empty()) outcome = {End::cut, fault};
    if (is_answer(outcome) && !is_transient(delivery.last().status)) return delivery.result();
    const auto wait = retries.next(outcome, delivery.last(), delivery.furthest());
    if (!wait && is_answer(outcome)) return delivery.result();
    if (!wait) fail(request, outcome);
    pause(*wait, sink);
  }
}

void HttpClient::wait_to_retry(int number, const HttpResponse& response) {
  TextSink nobody;
  pause(retry_after(response, m_rules.longest_pause).value_or(own_pause(m_rules, number)), nobody);
}

void HttpClient::pause(milliseconds duration, HttpSink& sink) {
  struct pollfd waits {
    util::interrupt_fd(), POLLIN, 0
  };
  const auto end = std::chrono::steady_clock::now() + duration;
  for (auto left = duration; left.count() > 0; left = std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now())) {
    sink.check_wanted();
    if (::poll(&waits, 1, static_cast<int>(std::min<milliseconds::rep>(left.count(), 1000))) < 0 && errno != EINTR)
      throw_errno("wait for", "a retry");
    util::check_interrupt();
  }
}

void require_success(const HttpRequest& request, const HttpResponse& response) {
  const int status = response.status;
  if (status >= 200 && status < 300) return;
  const ErrorKind kind = status == 404 || status == 410   ? ErrorKind::not_found
                         : status == 401 || status == 403 ? ErrorKind::refused
                                                          : ErrorKind::failed;
  const std::string url = HttpUrl::parse(request.url).shown();
  throw Error(kind, "cannot " + util::to_lower(request.method) + " " + url + ": the server answered " + std::to_string(status),
              status == 401 || status == 403 ? "it wants credentials, or others than it was given" : "");
}

}  // namespace jcb::oci
