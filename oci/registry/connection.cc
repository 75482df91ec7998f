// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/connection.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "oci/registry/answer.h"
#include "oci/registry/header_fields.h"
#include "util/hash.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr int k_most_lessons = 4;
constexpr std::size_t k_most_notes = 100;
constexpr std::uint64_t k_few_pulls = 10;

// Whether http may be what is spoken there. A certificate that is not accepted is no reason to speak without one.
bool is_no_https(const HttpFailure& failure) {
  return failure.reason() == HttpFailure::Reason::no_tls || failure.reason() == HttpFailure::Reason::unreachable;
}

// How long a token should still live: a body needs its time, at a pessimistic pace. Registries' tokens live for at least a
// minute, usually five, so that more than four would only mean a token for each request.
std::chrono::seconds needed_time(const HttpRequest& request) {
  const std::uint64_t bytes = std::max(request.body ? request.body->size_bytes : 0, request.limit_bytes);
  return std::chrono::seconds(30 + std::min<std::uint64_t>(bytes / (std::uint64_t{8} << 20), 210));
}

std::string period_text(std::uint64_t seconds) {
  if (seconds == 0) return {};
  return seconds % 3600 == 0 ? " of " + std::to_string(seconds / 3600) + " h" : " of " + std::to_string(seconds) + " s";
}

std::string connection_key(const Endpoint& endpoint, const Credential& user) {
  util::Sha256 hash;
  hash.field(endpoint.host)
      .field(endpoint.registry)
      .field(endpoint.plain_http ? "http" : "")
      .field(endpoint.tls.insecure ? "insecure" : "");
  return hash.field(user.username).field(user.password).field(user.identity_token).field(user.registry_token).hex();
}

}  // namespace

RegistryConnection::RegistryConnection(std::shared_ptr<HttpClient> http, const Endpoint& endpoint, AuthenticatorOptions user,
                                       std::function<void(const std::string&)> on_note)
    : m_http(std::move(http)),
      m_host(endpoint.host),
      m_registry(endpoint.registry),
      m_plain_http(endpoint.plain_http),
      m_user(std::move(user)),
      m_authenticator(*m_http, m_user),
      m_on_note(std::move(on_note)) {}

HttpUrl RegistryConnection::base(const std::string& scheme) const { return HttpUrl::parse(scheme + "://" + m_host + "/"); }

std::string RegistryConnection::scheme() const {
  const std::lock_guard lock(m_mutex);
  return m_scheme;
}

void RegistryConnection::set_scheme(const std::string& scheme) {
  const std::lock_guard lock(m_mutex);
  m_scheme = scheme;
}

bool RegistryConnection::is_own(const HttpUrl& url) const {
  const std::string known = scheme();
  return url.origin() == base(known.empty() ? "https" : known).origin();
}

HttpUrl RegistryConnection::resolve(const HttpResponse& response, std::string_view reference) const {
  const HttpUrl from = HttpUrl::parse(response.url);
  HttpUrl url = from.resolve(reference);
  url.user_info.clear();
  const bool lower = from.scheme == "https" && url.scheme == "http";
  const bool same_host = url.host == from.host && (url.port == from.port || url.port == 80);
  if (lower && !same_host) throw Error(ErrorKind::refused, m_host + " leads from https to " + url.origin() + ", which is not encrypted");
  if (lower) url.port = from.port;
  if (lower) url.scheme = from.scheme;
  return url;
}

void RegistryConnection::note(const std::string& text) {
  {
    const std::lock_guard lock(m_mutex);
    if (m_notes.size() >= k_most_notes || !m_notes.insert(text).second) return;
  }
  if (m_on_note) m_on_note(text);
}

void RegistryConnection::read_notes(const HttpResponse& response) {
  for (const auto& [name, value] : response.headers.fields()) {
    if (util::to_lower(name) != "warning") continue;
    for (const std::string& text : parse_warnings(value)) note(m_registry + " warns: " + clean_text(text, 4096));
  }
  const auto left = parse_rate_limit(response.headers.find("RateLimit-Remaining").value_or(""));
  if (!left || left->count >= k_few_pulls) return;
  {
    // The number goes down with each request; once is enough.
    const std::lock_guard lock(m_mutex);
    if (!m_notes.insert("ratelimit").second) return;
  }
  if (m_on_note)
    m_on_note(m_registry + " allows " + std::to_string(left->count) + " more pulls" + period_text(left->period_seconds) +
              (has_credential() ? "" : "; log in for more: jcbuild login " + m_registry));
}

// The response that says how to log in, or nothing. A challenge from where a redirect led is none of the registry's; a 401
// without one (gcr.io's once) is explained by the answer to the ping that everybody else sends first.
std::optional<HttpResponse> RegistryConnection::find_challenge(const HttpResponse& response, const HttpUrl& url) {
  const bool challenge = response.headers.find("WWW-Authenticate").has_value();
  if (response.status != 401 && !(response.status == 403 && challenge)) return std::nullopt;
  if (!is_own(url) || !is_own(HttpUrl::parse(response.url))) return std::nullopt;
  if (challenge) return response;
  HttpRequest ping;
  ping.url = url.resolve("/v2/").text();
  ping.keep_public = true;
  TextSink sink;
  HttpResponse answer = m_http->send(ping, sink);
  const bool explains = answer.status == 401 && answer.headers.find("WWW-Authenticate") && is_own(HttpUrl::parse(answer.url));
  return explains ? std::optional(std::move(answer)) : std::nullopt;
}

// Sends as whoever we are there, as long as each refusal teaches something.
RegistryResponse RegistryConnection::send_as(Authenticator& user, RegistryRequest request, HttpSink& sink) {
  const HttpUrl url = HttpUrl::parse(request.http.url);
  for (int lessons = 0;; ++lessons) {
    std::optional<std::string> sent;
    if (is_own(url)) sent = user.find_authorization(url, request.scopes, needed_time(request.http));
    request.http.headers.remove("Authorization");
    if (sent) request.http.headers.add("Authorization", *sent);
    RegistryResponse response{m_http->send(request.http, sink), false, sent.has_value()};
    read_notes(response);
    if (lessons == k_most_lessons) return response;
    const auto challenge = find_challenge(response, url);
    if (!challenge || !user.learn(*challenge, url, request.scopes, sent)) return response;
    response.learned = request.http.body && request.http.body->size_bytes > 0 && !request.resend_body;
    if (response.learned) return response;
  }
}

RegistryResponse RegistryConnection::send_to(Authenticator& user, const RegistryRequest& request, const std::string& scheme,
                                             HttpSink& sink) {
  RegistryRequest whole = request;
  whole.http.url = base(scheme).resolve(request.http.url).text();
  return send_as(user, std::move(whole), sink);
}

RegistryResponse RegistryConnection::send_by_scheme(Authenticator& user, const RegistryRequest& request, HttpSink& sink) {
  if (is_http_url(request.http.url)) return send_as(user, request, sink);
  const std::string known = scheme();
  if (!known.empty()) return send_to(user, request, known, sink);
  if (m_plain_http && !m_http->speaks_tls(base("https"))) return send_by_http(user, request, sink);
  try {
    auto response = send_to(user, request, "https", sink);
    set_scheme("https");
    return response;
  } catch (const HttpFailure& failure) {
    if (!m_plain_http || !is_no_https(failure)) throw;
  }
  return send_by_http(user, request, sink);
}

// is_own has to know before the answer is there; only an answer makes it last.
RegistryResponse RegistryConnection::send_by_http(Authenticator& user, const RegistryRequest& request, HttpSink& sink) {
  set_scheme("http");
  try {
    return send_to(user, request, "http", sink);
  } catch (...) {
    set_scheme({});
    throw;
  }
}

RegistryResponse RegistryConnection::send(const RegistryRequest& request, HttpSink& sink) {
  return send_by_scheme(m_authenticator, request, sink);
}

std::string RegistryConnection::check_login(const HttpRequest& request, const std::function<void(const HttpResponse&)>& check) {
  AuthenticatorOptions trusting = m_user;
  trusting.trust_realm = true;
  Authenticator user(*m_http, std::move(trusting));
  TextSink sink;
  const RegistryResponse response = send_by_scheme(user, {request, {}, true}, sink);
  check(response);
  if (!response.as_user) note(m_registry + " lets everybody in: the credentials were not looked at");
  return user.realm();
}

std::shared_ptr<RegistryConnection> RegistryConnections::open(const ClientContext& context, const Endpoint& endpoint) {
  // A mirror gets what is stored for its own host, never what is meant for the registry it stands in for.
  const std::string& registry = endpoint.is_mirror ? endpoint.host : endpoint.registry;
  Credential user;
  std::string realm;
  if (context.credentials) {
    user = context.credentials->find(registry, endpoint.repository).value_or(Credential());
    realm = context.credentials->recorded_realm(registry);
  }
  const std::string key = connection_key(endpoint, user);
  const std::lock_guard lock(m_mutex);
  auto& connection = m_open[key];
  if (connection == nullptr) {
    AuthenticatorOptions options;
    options.registry = endpoint.registry;
    options.credential = user;
    options.recorded_realm = realm;
    options.plain_http = endpoint.plain_http;
    connection = std::make_shared<RegistryConnection>(context.make_http(endpoint), endpoint, std::move(options), context.on_note);
  }
  return connection;
}

}  // namespace jcb::oci
