// SPDX-License-Identifier: Apache-2.0
// One lock guards what is known of origins and tokens. It is not held while a token is asked for: the entry of the scope
// set is marked, and whoever wants the same token waits for that one request and shares its end, good or bad.
#include "oci/registry/authenticator.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>

#include "jcbuild/error.h"
#include "oci/registry/challenge.h"
#include "oci/registry/realm.h"
#include "oci/registry/scope.h"
#include "oci/registry/token.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

using std::chrono::seconds;
using TimePoint = std::chrono::steady_clock::time_point;

// A token that is refused before this age is refused for what it is; an older one may have expired early or been revoked.
constexpr seconds k_fresh{5};

// How an origin wants to be convinced.
struct Way {
  bool is_basic = false;
  HttpUrl realm;
  std::string service;
  bool is_private = false;           ///< the registry is in a private network, and so may its realm be
  bool credentials_allowed = false;  ///< the realm may see them
};

// The token of one scope set at one origin.
struct Entry {
  std::optional<Token> token;
  TimePoint received;
  Scopes added;  ///< what the server wanted besides
  int quick_refusals = 0;
  bool in_flight = false;
  unsigned round = 0;  ///< counts the requests that ended
  std::optional<Error> failure;
};

// A token's answer, overwritten when it goes.
class SecretSink final : public HttpSink {
 public:
  ~SecretSink() override { wipe(m_text); }
  void write(std::string_view bytes) override { m_text.append(bytes); }
  void restart() override { wipe(m_text); }
  const std::string& text() const noexcept { return m_text; }

 private:
  std::string m_text = reserved();
  // Growing would leave copies behind.
  static std::string reserved() {
    std::string text;
    text.reserve(k_max_token_bytes);
    return text;
  }
};

std::string key_of(const HttpUrl& origin, Scopes scopes) {
  std::sort(scopes.begin(), scopes.end());
  scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
  return origin.origin() + " " + util::join(scopes, " ");
}

const Challenge* find_challenge(const std::vector<Challenge>& challenges, std::string_view scheme) {
  const auto found =
      std::find_if(challenges.begin(), challenges.end(), [&](const Challenge& challenge) { return challenge.scheme == scheme; });
  return found == challenges.end() ? nullptr : &*found;
}

}  // namespace

struct Authenticator::State {
  HttpClient& http;
  AuthenticatorOptions options;
  std::mutex mutex;
  std::condition_variable ended;
  std::map<std::string, Way> ways;       ///< by origin
  std::map<std::string, Entry> entries;  ///< by origin and scopes
  std::string last_realm;
  std::string refresh_token;  ///< the newest that a realm gave in place of an identity token

  ~State() { wipe(refresh_token); }

  void check_secrecy(const HttpUrl& url) const;
  Way make_way(const Challenge& challenge, const HttpUrl& origin, HttpResponse::Peer peer) const;
  bool is_alive(const Entry& entry, seconds needed) const;
  std::string wait_for_token(std::unique_lock<std::mutex>& lock, const Way& way, Entry& entry, const Scopes& scopes, seconds needed);
  void finish(Entry& entry, std::optional<Token> token, std::optional<Error> failure);
  Token fetch(const Way& way, const Scopes& scopes, const std::string& refresh);
  std::optional<Token> find_refreshed(const Way& way, const TokenQuestion& question, const std::string& refresh);
  HttpResponse send(const Way& way, HttpRequest request, SecretSink& sink);
  [[noreturn]] void refuse(const Way& way, const HttpResponse& response) const;
  [[noreturn]] void refuse_withheld(const Way& way) const;
  bool learn_bearer(const Challenge& challenge, const Way& way, Entry& entry, const Scopes& scopes, const std::optional<std::string>& sent);
};

void Authenticator::State::check_secrecy(const HttpUrl& url) const {
  if (url.scheme == "https" || options.plain_http) return;
  throw Error(ErrorKind::refused, options.registry + " wants credentials or a token at " + url.origin() + ", which is not encrypted",
              "if that is right, use --tls-verify=false");
}

Way Authenticator::State::make_way(const Challenge& challenge, const HttpUrl& origin, HttpResponse::Peer peer) const {
  const auto realm = challenge.find("realm");
  if (!realm) throw Error(ErrorKind::invalid, options.registry + " asks for a token and does not say where from");
  Way way;
  way.realm = in_step("reading where the tokens of " + options.registry + " come from", [&] { return HttpUrl::parse(*realm); });
  way.realm.user_info.clear();
  way.service = challenge.find("service").value_or("");
  way.is_private = peer == HttpResponse::Peer::private_network;
  // A registry that speaks https has no reason to send anybody elsewhere without it, whatever its host allows.
  if (way.realm.scheme != "https" && origin.scheme == "https")
    throw Error(ErrorKind::refused,
                options.registry + " is reached by https and sends for tokens to " + way.realm.origin() + ", which is not encrypted");
  check_secrecy(way.realm);
  way.credentials_allowed = options.trust_realm || may_send_credentials({options.registry, origin, way.realm, options.recorded_realm});
  return way;
}

bool Authenticator::State::is_alive(const Entry& entry, seconds needed) const {
  if (!entry.token) return false;
  const seconds lifetime = entry.token->lifetime;
  return options.clock() + std::min(needed, lifetime * 3 / 4) < entry.received + lifetime;
}

std::string Authenticator::State::wait_for_token(std::unique_lock<std::mutex>& lock, const Way& way, Entry& entry, const Scopes& scopes,
                                                 seconds needed) {
  while (!is_alive(entry, needed) && entry.in_flight) {
    ended.wait(lock, [&, round = entry.round] { return entry.round != round; });
    if (entry.failure) throw Error(*entry.failure);
    if (entry.token) return entry.token->value;
  }
  if (is_alive(entry, needed)) return entry.token->value;
  entry.in_flight = true;
  const Scopes wanted = merge_scopes(entry.added, scopes);
  const TimePoint asked = options.clock();
  const std::string refresh = refresh_token.empty() ? options.credential.identity_token : refresh_token;
  lock.unlock();
  std::optional<Token> token;
  try {
    token = fetch(way, wanted, refresh);
  } catch (const Error& error) {
    lock.lock();
    finish(entry, std::nullopt, error);
    throw;
  } catch (...) {
    lock.lock();
    finish(entry, std::nullopt, std::nullopt);
    throw;
  }
  lock.lock();
  entry.received = asked;  // not later than the server's clock says
  finish(entry, token, std::nullopt);
  return token->value;
}

void Authenticator::State::finish(Entry& entry, std::optional<Token> token, std::optional<Error> failure) {
  if (token && !token->refresh_token.empty() && !options.credential.identity_token.empty()) refresh_token = token->refresh_token;
  entry.token = std::move(token);
  entry.failure = std::move(failure);
  entry.in_flight = false;
  ++entry.round;
  ended.notify_all();
}

HttpResponse Authenticator::State::send(const Way& way, HttpRequest request, SecretSink& sink) {
  request.only_public = request.keep_public = !way.is_private;
  return in_step("asking for a token for " + options.registry, [&] { return http.send(request, sink); });
}

Token Authenticator::State::fetch(const Way& way, const Scopes& scopes, const std::string& refresh) {
  const TokenQuestion question{way.realm, way.service, scopes};
  if (way.credentials_allowed && !refresh.empty()) {
    if (auto token = find_refreshed(way, question, refresh)) return *token;
  }
  SecretSink sink;
  const auto response = send(way, make_token_request(question, way.credentials_allowed ? options.credential : Credential()), sink);
  if (response.status != 200) refuse(way, response);
  return parse_token(sink.text(), "the token from " + way.realm.shown());
}

// Nothing: the realm does not know OAuth.
std::optional<Token> Authenticator::State::find_refreshed(const Way& way, const TokenQuestion& question, const std::string& refresh) {
  SecretSink sink;
  const auto response = send(way, make_refresh_request(question, refresh), sink);
  if (response.status == 404 || response.status == 405) return std::nullopt;
  if (response.status != 200) refuse(way, response);
  return parse_token(sink.text(), "the token from " + way.realm.shown());
}

void Authenticator::State::refuse_withheld(const Way& way) const {
  throw Error(ErrorKind::refused,
              options.registry + " sends for a login to " + way.realm.origin() +
                  ", which is not known to belong to it: the credentials of " + options.credential.source + " were not sent there",
              "if that is where its tokens come from, run: jcbuild login " + options.registry);
}

void Authenticator::State::refuse(const Way& way, const HttpResponse& response) const {
  const int status = response.status;
  const std::string said = find_refusal_text(response.error_body);
  const std::string tail = said.empty() ? "" : ": " + said;
  if (status != 400 && status != 401 && status != 403)
    throw Error(ErrorKind::failed,
                "no token for " + options.registry + ": " + way.realm.shown() + " answered " + std::to_string(status) + tail);
  if (options.credential.empty())
    throw Error(ErrorKind::refused, way.realm.shown() + " gives no token for " + options.registry + " without a login" + tail,
                "run: jcbuild login " + options.registry);
  if (!way.credentials_allowed) refuse_withheld(way);
  throw Error(ErrorKind::refused,
              way.realm.shown() + " does not accept the credentials of " + options.credential.source + " for " + options.registry + tail,
              "log in again: jcbuild login " + options.registry);
}

// The lock is held.
bool Authenticator::State::learn_bearer(const Challenge& challenge, const Way& way, Entry& entry, const Scopes& scopes,
                                        const std::optional<std::string>& sent) {
  const bool refused = sent && entry.token && *sent == "Bearer " + entry.token->value;
  const Scopes known = merge_scopes(entry.added, scopes);
  Scopes missing = split_scopes(challenge.find("scope").value_or(""));
  std::erase_if(missing, [&](const std::string& scope) { return covers_scope(known, scope); });
  if (!missing.empty() && entry.added.empty() && (!sent || refused)) {
    entry.added = std::move(missing);
    entry.token.reset();
    entry.quick_refusals = 0;
    return true;
  }
  if (!refused) return true;  // nothing was sent, or another thread has a newer token already
  if (options.clock() - entry.received >= k_fresh) entry.quick_refusals = 0;
  const bool too_little = challenge.find("error") == "insufficient_scope";
  if (!too_little && entry.quick_refusals++ < 1) {
    entry.token.reset();
    return true;
  }
  if (!way.credentials_allowed && !options.credential.empty()) refuse_withheld(way);
  return false;
}

Authenticator::Authenticator(HttpClient& http, AuthenticatorOptions options)
    : m_state(new State{http, std::move(options), {}, {}, {}, {}, {}, {}}) {}
Authenticator::~Authenticator() = default;

std::optional<std::string> Authenticator::find_authorization(const HttpUrl& origin, const Scopes& scopes, seconds needed) {
  State& state = *m_state;
  const Credential& credential = state.options.credential;
  if (!credential.registry_token.empty()) {
    state.check_secrecy(origin);
    return "Bearer " + credential.registry_token;
  }
  std::unique_lock lock(state.mutex);
  const auto found = state.ways.find(origin.origin());
  if (found == state.ways.end()) return std::nullopt;
  const Way way = found->second;
  if (way.is_basic) return make_basic_authorization(credential.username, credential.password);
  return "Bearer " + state.wait_for_token(lock, way, state.entries[key_of(origin, scopes)], scopes, needed);
}

bool Authenticator::learn(const HttpResponse& response, const HttpUrl& origin, const Scopes& scopes,
                          const std::optional<std::string>& sent) {
  State& state = *m_state;
  const auto challenges = in_step("reading what " + state.options.registry + " wants", [&] { return parse_challenges(response.headers); });
  const Credential& credential = state.options.credential;
  if (!credential.registry_token.empty()) return false;
  if (const Challenge* bearer = find_challenge(challenges, "bearer")) {
    const Way way = state.make_way(*bearer, origin, response.peer);
    const std::lock_guard lock(state.mutex);
    state.ways[origin.origin()] = way;
    state.last_realm = way.realm.text();
    return state.learn_bearer(*bearer, way, state.entries[key_of(origin, scopes)], scopes, sent);
  }
  if (find_challenge(challenges, "basic") == nullptr || credential.password.empty()) return false;
  state.check_secrecy(origin);
  const std::lock_guard lock(state.mutex);
  state.last_realm.clear();
  Way& way = state.ways[origin.origin()];
  way.is_basic = true;
  return sent != make_basic_authorization(credential.username, credential.password);
}

std::string Authenticator::realm() const {
  const std::lock_guard lock(m_state->mutex);
  return m_state->last_realm;
}

bool Authenticator::has_credential() const { return !m_state->options.credential.empty(); }

}  // namespace jcb::oci
