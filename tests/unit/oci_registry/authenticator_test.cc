// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/authenticator.h"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "jcbuild/error.h"
#include "support/fake_http.h"

using namespace jcb;
using namespace std::chrono_literals;
using oci::HttpRequest;
using oci::HttpResponse;
using oci::HttpUrl;
using oci::Scopes;
using test::FakeAnswer;
using test::FakeHttp;

namespace {

using Peer = HttpResponse::Peer;

const HttpUrl k_origin = HttpUrl::parse("https://r.example/v2/");
const Scopes k_pull{"repository:a:pull"};

HttpResponse challenge(const std::string& text, Peer peer = Peer::public_network) {
  return {401, {{"WWW-Authenticate", text}}, "https://r.example/v2/", {}, peer};
}

std::string bearer(const std::string& realm, const std::string& more = "") { return "Bearer realm=\"" + realm + "\",service=\"s\"" + more; }

oci::AuthenticatorOptions options_of(const std::string& user = "", const std::string& password = "") {
  oci::AuthenticatorOptions options;
  options.registry = "r.example";
  options.credential.username = user;
  options.credential.password = password;
  options.credential.source = "auth.json";
  return options;
}

FakeAnswer token(const std::string& value, const std::string& more = "") { return {200, {}, "{\"token\":\"" + value + "\"" + more + "}"}; }

// A registry's token server that gives t0, t1, ...
struct Fixture {
  FakeHttp http{[](const HttpRequest&, std::size_t number) { return token("t" + std::to_string(number)); }};
  std::chrono::steady_clock::time_point now{1h};

  oci::AuthenticatorOptions timed(oci::AuthenticatorOptions options) {
    options.clock = [this] { return now; };
    return options;
  }
  static Error error_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      return error;
    }
    return {ErrorKind::usage, "no error"};
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "nothing is sent before it is asked for") {
  oci::Authenticator authenticator(http, options_of("u", "p"));
  CHECK_FALSE(authenticator.find_authorization(k_origin, k_pull));
  CHECK(http.requests.empty());
}

TEST_CASE_METHOD(Fixture, "Basic is answered with the password, once") {
  oci::Authenticator authenticator(http, options_of("u", "p:\xc3\xa4"));
  REQUIRE(authenticator.learn(challenge("Basic realm=\"x, y\""), k_origin, k_pull, std::nullopt));
  const auto sent = authenticator.find_authorization(k_origin, k_pull);
  CHECK(sent == oci::make_basic_authorization("u", "p:\xc3\xa4"));
  CHECK_FALSE(authenticator.learn(challenge("Basic realm=x"), k_origin, k_pull, sent));
  CHECK_FALSE(oci::Authenticator(http, options_of()).learn(challenge("Basic realm=x"), k_origin, k_pull, std::nullopt));
}

TEST_CASE_METHOD(Fixture, "401 without a challenge teaches nothing [fault 1]") {
  oci::Authenticator authenticator(http, options_of("u", "p"));
  CHECK_FALSE(authenticator.learn({401, {}, "https://r.example/v2/", {}}, k_origin, k_pull, std::nullopt));
}

TEST_CASE_METHOD(Fixture, "a token is asked for once and sent until shortly before its end") {
  oci::Authenticator authenticator(http, timed(options_of()));
  REQUIRE(authenticator.learn(challenge(bearer("https://r.example/token")), k_origin, k_pull, std::nullopt));
  CHECK(authenticator.find_authorization(k_origin, k_pull) == "Bearer t0");
  CHECK(authenticator.find_authorization(k_origin, k_pull) == "Bearer t0");
  CHECK(http.requests.size() == 1);
  CHECK(http.requests[0].url == "https://r.example/token?service=s&scope=repository%3Aa%3Apull");
  now += 29s;
  CHECK(authenticator.find_authorization(k_origin, k_pull) == "Bearer t0");
  now += 1s;
  CHECK(authenticator.find_authorization(k_origin, k_pull) == "Bearer t1");
  CHECK(authenticator.find_authorization(k_origin, k_pull, 10000s) == "Bearer t1");
}

TEST_CASE_METHOD(Fixture, "a token belongs to its origin and its scopes") {
  oci::Authenticator authenticator(http, options_of());
  const HttpUrl other = HttpUrl::parse("https://other.example/v2/");
  authenticator.learn(challenge(bearer("https://r.example/token")), k_origin, k_pull, std::nullopt);
  CHECK(authenticator.find_authorization(k_origin, k_pull) == "Bearer t0");
  CHECK(authenticator.find_authorization(k_origin, {"repository:b:pull"}) == "Bearer t1");
  CHECK(authenticator.find_authorization(k_origin, {"repository:a:pull", "repository:a:pull"}) == "Bearer t0");
  CHECK_FALSE(authenticator.find_authorization(other, k_pull));
}

TEST_CASE("many threads make one request for one token") {
  FakeHttp http([](const HttpRequest&, std::size_t number) {
    std::this_thread::sleep_for(100ms);
    return token("t" + std::to_string(number));
  });
  oci::Authenticator authenticator(http, options_of());
  authenticator.learn(challenge(bearer("https://r.example/token")), k_origin, k_pull, std::nullopt);
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&] { right += authenticator.find_authorization(k_origin, k_pull) == "Bearer t0" ? 1 : 0; });
  for (auto& thread : threads) thread.join();
  CHECK(right == 16);
  CHECK(http.requests.size() == 1);
}

TEST_CASE("many threads share one refusal") {
  FakeHttp http([](const HttpRequest&, std::size_t) {
    std::this_thread::sleep_for(200ms);
    return FakeAnswer{401, {}, R"({"details":"incorrect username or password"})"};
  });
  oci::Authenticator authenticator(http, options_of("u", "s3cret"));
  authenticator.learn(challenge(bearer("https://r.example/token")), k_origin, k_pull, std::nullopt);
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      try {
        authenticator.find_authorization(k_origin, k_pull);
      } catch (const Error& error) {
        const bool right =
            error.kind() == ErrorKind::refused &&
            error.message() ==
                "https://r.example/token does not accept the credentials of auth.json for r.example: incorrect username or password";
        refused += right ? 1 : 0;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(refused == 8);
  CHECK(http.requests.size() == 1);
}

TEST_CASE_METHOD(Fixture, "401 forever ends [fault 2]") {
  oci::Authenticator authenticator(http, timed(options_of("u", "p")));
  std::optional<std::string> sent;
  int tries = 0;
  while (authenticator.learn(challenge(bearer("https://r.example/token")), k_origin, k_pull, sent) && tries < 100) {
    sent = authenticator.find_authorization(k_origin, k_pull);
    ++tries;
  }
  CHECK(tries == 2);
}

TEST_CASE_METHOD(Fixture, "a token that expired early is asked for again, again and again [fault 8]") {
  oci::Authenticator authenticator(http, timed(options_of()));
  authenticator.learn(challenge(bearer("https://r.example/token")), k_origin, k_pull, std::nullopt);
  for (int i = 0; i < 10; ++i) {
    const auto sent = authenticator.find_authorization(k_origin, k_pull);
    now += 10s;
    CHECK(authenticator.learn(challenge(bearer("https://r.example/token", ",error=\"invalid_token\"")), k_origin, k_pull, sent));
    CHECK(authenticator.find_authorization(k_origin, k_pull) != sent);
  }
  CHECK(http.requests.size() == 11);
}

TEST_CASE_METHOD(Fixture, "a thread whose token was replaced meanwhile takes the new one") {
  oci::Authenticator authenticator(http, timed(options_of()));
  authenticator.learn(challenge(bearer("https://r.example/token")), k_origin, k_pull, std::nullopt);
  const auto old = authenticator.find_authorization(k_origin, k_pull);
  now += 10s;
  for (int thread = 0; thread < 4; ++thread) {
    CHECK(authenticator.learn(challenge(bearer("https://r.example/token")), k_origin, k_pull, old));
    CHECK(authenticator.find_authorization(k_origin, k_pull) == "Bearer t1");
  }
  CHECK(http.requests.size() == 2);
}

TEST_CASE_METHOD(Fixture, "a scope that the server demands is added once, and comes first") {
  oci::Authenticator authenticator(http, timed(options_of("u", "p")));
  authenticator.learn(challenge(bearer("https://r.example/token", ",scope=\"repository:a:pull\"")), k_origin, k_pull, std::nullopt);
  const auto first = authenticator.find_authorization(k_origin, k_pull);
  const std::string more = ",error=\"insufficient_scope\",scope=\"repository:a:pull,push repository:b:pull\"";
  REQUIRE(authenticator.learn(challenge(bearer("https://r.example/token", more)), k_origin, k_pull, first));
  const auto second = authenticator.find_authorization(k_origin, k_pull);
  CHECK(http.requests.at(1).url == "https://r.example/token?service=s&scope=repository%3Aa%3Apull%2Cpush&scope=repository%3Ab%3Apull");
  CHECK_FALSE(authenticator.learn(challenge(bearer("https://r.example/token", more)), k_origin, k_pull, second));
  const std::string yet_more = ",error=\"insufficient_scope\",scope=\"repository:c:pull\"";
  CHECK_FALSE(authenticator.learn(challenge(bearer("https://r.example/token", yet_more)), k_origin, k_pull, second));
  CHECK(http.requests.size() == 2);
}

TEST_CASE_METHOD(Fixture, "a realm that is not encrypted, no URL or another protocol gets nothing [Realm hijack] [fault 5]") {
  oci::Authenticator authenticator(http, options_of("u", "p"));
  for (const char* realm : {"http://r.example/token", "http://evil.test/", "file:///etc/passwd", "", "token", "gopher://x/", "https://"}) {
    INFO(realm);
    CHECK_THROWS_AS(authenticator.learn(challenge(bearer(realm)), k_origin, k_pull, std::nullopt), Error);
  }
  CHECK_THROWS_AS(authenticator.learn(challenge("Bearer service=\"s\""), k_origin, k_pull, std::nullopt), Error);
  CHECK(http.requests.empty());
}

TEST_CASE_METHOD(Fixture, "http realms and Basic over http are for registries that the user calls insecure [Realm hijack]") {
  const HttpUrl plain = HttpUrl::parse("http://r.example/v2/");
  CHECK_THROWS_AS(oci::Authenticator(http, options_of("u", "p")).learn(challenge("Basic realm=x"), plain, k_pull, std::nullopt), Error);
  auto options = options_of("u", "p");
  options.plain_http = true;
  oci::Authenticator authenticator(http, options);
  REQUIRE(authenticator.learn(challenge(bearer("http://r.example/token")), plain, k_pull, std::nullopt));
  CHECK(authenticator.find_authorization(plain, k_pull) == "Bearer t0");
  CHECK(http.requests[0].headers.find("Authorization") == oci::make_basic_authorization("u", "p"));
}

TEST_CASE_METHOD(Fixture, "the realm of a public registry must be public, a private registry's may be private [Realm hijack]") {
  for (const auto& [peer, only_public] : {std::pair{Peer::public_network, true}, {Peer::unknown, true}, {Peer::private_network, false}}) {
    oci::Authenticator authenticator(http, options_of());
    REQUIRE(authenticator.learn(challenge(bearer("https://localhost/token"), peer), k_origin, k_pull, std::nullopt));
    authenticator.find_authorization(k_origin, k_pull);
    CHECK(http.requests.back().only_public == only_public);
  }
}

TEST_CASE("a realm on an unrelated public host gets no credentials [Realm on unrelated public host] [J7] [fault 4]") {
  int status = 200;
  FakeHttp http([&](const HttpRequest&, std::size_t) { return status == 200 ? token("anonymous") : FakeAnswer{status, {}, ""}; });
  oci::Authenticator authenticator(http, options_of("u", "s3cret"));
  REQUIRE(authenticator.learn(challenge(bearer("https://evil.test/token")), k_origin, k_pull, std::nullopt));
  const auto sent = authenticator.find_authorization(k_origin, k_pull);
  CHECK(sent == "Bearer anonymous");
  CHECK_FALSE(http.requests.at(0).headers.find("Authorization"));
  // What an anonymous token does not open says why the credentials did not help.
  const auto denied = Fixture::error_of(
      [&] { authenticator.learn(challenge(bearer("https://evil.test/token", ",error=\"insufficient_scope\"")), k_origin, k_pull, sent); });
  CHECK(denied.kind() == ErrorKind::refused);
  CHECK(denied.message() ==
        "r.example sends for a login to https://evil.test, which is not known to belong to it: the credentials of auth.json were not sent "
        "there");
  CHECK(denied.hint() == "if that is where its tokens come from, run: jcbuild login r.example");
  status = 401;
  CHECK(Fixture::error_of([&] { authenticator.find_authorization(k_origin, {"repository:b:pull"}); }).message() == denied.message());
  for (const auto& request : http.requests) {
    CHECK_FALSE(request.headers.find("Authorization"));
    CHECK(request.url.find("s3cret") == std::string::npos);
  }
}

TEST_CASE_METHOD(Fixture, "a realm that was recorded at login, or is being logged in to, gets the credentials") {
  auto recorded = options_of("u", "p"), login = recorded;
  recorded.recorded_realm = "https://tokens.test/token";
  login.trust_realm = true;
  for (const auto& options : {recorded, login}) {
    oci::Authenticator authenticator(http, options);
    REQUIRE(authenticator.learn(challenge(bearer("https://tokens.test/token")), k_origin, k_pull, std::nullopt));
    authenticator.find_authorization(k_origin, k_pull);
    CHECK(http.requests.back().headers.find("Authorization") == oci::make_basic_authorization("u", "p"));
    CHECK(authenticator.realm() == "https://tokens.test/token");
    CHECK_THROWS_AS(authenticator.learn(challenge(bearer("http://tokens.test/token")), k_origin, k_pull, std::nullopt), Error);
  }
}

TEST_CASE("an identity token is posted, and goes by GET where the realm knows no OAuth") {
  for (const int unknown : {404, 405}) {
    FakeHttp http([&](const HttpRequest& request, std::size_t) {
      return request.method == "POST" ? FakeAnswer{unknown, {}, ""} : token("t");
    });
    auto options = options_of("<token>");
    options.credential.identity_token = "rt";
    oci::Authenticator authenticator(http, options);
    authenticator.learn(challenge(bearer("https://r.example/token")), k_origin, k_pull, std::nullopt);
    CHECK(authenticator.find_authorization(k_origin, k_pull) == "Bearer t");
    REQUIRE(http.requests.size() == 2);
    CHECK(http.requests[0].method == "POST");
    CHECK(http.requests[1].headers.find("Authorization") == oci::make_basic_authorization("<token>", "rt"));
  }
}

TEST_CASE("a refresh token that comes back is used the next time") {
  std::vector<std::string> forms;
  FakeHttp http([&](const HttpRequest& request, std::size_t number) {
    std::string form(request.body->size_bytes, '\0');
    request.body->read(0, form.data(), form.size());
    forms.push_back(form.substr(form.rfind('=') + 1));
    return token("t" + std::to_string(number), ",\"refresh_token\":\"rt" + std::to_string(number) + "\"");
  });
  auto options = options_of();
  options.credential.identity_token = "rt";
  oci::Authenticator authenticator(http, options);
  authenticator.learn(challenge(bearer("https://r.example/token")), k_origin, k_pull, std::nullopt);
  for (const char* name : {"a", "b", "c"}) authenticator.find_authorization(k_origin, {std::string("repository:") + name + ":pull"});
  CHECK(forms == std::vector<std::string>{"rt", "rt0", "rt1"});
}

TEST_CASE("credentials of a token request follow no redirect to another origin, in a header or in a form [J8]") {
  for (const bool form : {false, true}) {
    FakeHttp http([](const HttpRequest&, std::size_t number) {
      return number == 0 ? FakeAnswer{307, {{"Location", "https://evil.test/token"}}, ""} : token("t");
    });
    auto options = options_of("u", "p");
    if (form) options.credential.identity_token = "rt";
    oci::Authenticator authenticator(http, options);
    authenticator.learn(challenge(bearer("https://r.example/token")), k_origin, k_pull, std::nullopt);
    if (form)
      CHECK_THROWS_AS(authenticator.find_authorization(k_origin, k_pull), Error);
    else
      authenticator.find_authorization(k_origin, k_pull);
    for (std::size_t i = 1; i < http.requests.size(); ++i) CHECK_FALSE(http.requests[i].headers.find("Authorization"));
    CHECK(http.requests.size() == (form ? 1U : 2U));
  }
}

TEST_CASE_METHOD(Fixture, "a registry token is sent as it is, encrypted") {
  auto options = options_of();
  options.credential.registry_token = "given";
  oci::Authenticator authenticator(http, options);
  const auto sent = authenticator.find_authorization(k_origin, k_pull);
  CHECK(sent == "Bearer given");
  CHECK_FALSE(authenticator.learn(challenge(bearer("https://r.example/token")), k_origin, k_pull, sent));
  CHECK_THROWS_AS(authenticator.find_authorization(HttpUrl::parse("http://r.example/"), k_pull), Error);
  CHECK(http.requests.empty());
}

TEST_CASE("a huge or broken token answer is one error [CVE-2020-1702] [fault 7]") {
  for (const std::string& body : {std::string(16 << 20, 'x'), std::string("<html>"), std::string("{}")}) {
    FakeHttp http([&](const HttpRequest&, std::size_t) { return FakeAnswer{200, {}, body}; });
    oci::Authenticator authenticator(http, options_of("u", "s3cret"));
    authenticator.learn(challenge(bearer("https://r.example/token")), k_origin, k_pull, std::nullopt);
    const auto error = Fixture::error_of([&] { authenticator.find_authorization(k_origin, k_pull); });
    CHECK(error.kind() == ErrorKind::invalid);
    CHECK(error.message().size() < 200);
  }
}

TEST_CASE("no message of a failing login holds a secret [Token/password in logs]") {
  for (const int status : {400, 401, 403, 404, 500}) {
    FakeHttp http([&](const HttpRequest&, std::size_t) { return FakeAnswer{status, {}, "no"}; });
    auto options = options_of("user", "s3cret");
    options.credential.identity_token = "s3cret-identity";
    oci::Authenticator authenticator(http, options);
    authenticator.learn(challenge(bearer("https://r.example/token")), k_origin, k_pull, std::nullopt);
    const auto error = Fixture::error_of([&] { authenticator.find_authorization(k_origin, k_pull); });
    CHECK(error.kind() != ErrorKind::usage);
    for (const std::string& text : {error.message(), error.hint()}) CHECK(text.find("s3cret") == std::string::npos);
  }
}
