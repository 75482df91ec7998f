// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/registry_client.h"

#include "oci/media_type.h"
#include "scripted_client.h"

using namespace jcb;
using namespace scripted;

namespace {

const std::string k_get = "GET /v2/team/app/manifests/1";
const std::string k_token = "GET /token?scope=repository%3Ateam%2Fapp%3Apull%2Cpush";
const HttpHeaders k_challenge{{"WWW-Authenticate", "Bearer realm=\"https://registry.test/token\""}};

FakeAnswer token(const std::string& value) { return answer(200, {}, R"({"token":")" + value + R"("})"); }
FakeAnswer manifest(HttpHeaders more = {}) {
  more.add("Content-Type", std::string(oci::k_media_index));
  return answer(200, std::move(more), R"({"schemaVersion":2,"manifests":[]})");
}
FakeAnswer without_connection(End end) { return {0, {}, "", end}; }

Error refusal(ErrorKind kind, const FakeAnswer& said, oci::Endpoint place = endpoint()) {
  Server server({{k_get, said}}, std::move(place));
  return error_of(kind, [&] { server.client.find_manifest("1"); });
}

oci::Endpoint insecure() {
  auto place = endpoint();
  place.plain_http = true;
  return place;
}

std::vector<std::string> notes_of(HttpHeaders headers, oci::Endpoint place = endpoint()) {
  Server server({{k_get, manifest(headers)}, {k_get, manifest(headers)}}, std::move(place));
  server.client.find_manifest("1");
  server.client.find_manifest("1");
  return server.notes;
}

}  // namespace

TEST_CASE("the first request asks for what is wanted, no ping, and answers its own challenge [1]") {
  Server server({{k_get, answer(401, k_challenge)}, {k_token, token("T")}, {k_get, manifest()}, {k_get, manifest()}});
  CHECK(server.client.find_manifest("1"));
  CHECK(server.client.find_manifest("1"));
  CHECK(server.is_done());
  CHECK_FALSE(server.http->requests[0].headers.find("Authorization"));
  CHECK(server.http->requests[3].headers.find("Authorization") == "Bearer T");
}

TEST_CASE("a registry that answers 401 forever is left after a few requests [2]") {
  std::vector<std::string> asked;
  auto http = std::make_shared<test::FakeHttp>([&](const HttpRequest& request, std::size_t) {
    asked.push_back(request.url);
    return request.url.find("/token") == std::string::npos ? answer(401, k_challenge) : token("T" + std::to_string(asked.size()));
  });
  oci::RegistryClient client({[&](const oci::Endpoint&) { return http; }, nullptr, nullptr, nullptr}, endpoint(), oci::Access::pull);
  const Error error = error_of(ErrorKind::refused, [&] { client.find_manifest("1"); });
  CHECK(error.message() == "cannot read registry.test/team/app:1: registry.test answered 401");
  CHECK(error.hint() == "log in: jcbuild login registry.test");
  CHECK(asked.size() <= 8);
}

TEST_CASE("a 401 without a challenge is explained by the ping, once [1]") {
  Server server({{k_get, answer(401)}, {"GET /v2/", answer(401, k_challenge)}, {k_token, token("T")}, {k_get, manifest()}});
  CHECK(server.client.find_manifest("1"));
  CHECK(server.is_done());
  Server silent({{k_get, answer(401)}, {"GET /v2/", answer(200)}});
  error_of(ErrorKind::refused, [&] { silent.client.find_manifest("1"); });
  CHECK(silent.is_done());
}

TEST_CASE("a challenge of another server than the registry is not answered [bearer bound to the registry]") {
  Server server({{k_get, answer(307, {{"Location", "https://other.test/m"}})},
                 {"GET https://other.test/m", answer(401, {{"WWW-Authenticate", "Basic realm=\"x\""}})}});
  error_of(ErrorKind::refused, [&] { server.client.find_manifest("1"); });
  CHECK(server.is_done());
}

TEST_CASE("http is spoken only where the user allows it and nobody speaks TLS, and then for good") {
  for (const End end : {End::no_tls, End::unreachable}) {
    const std::size_t tries = end == End::no_tls ? 1 : 4;
    std::vector<Step> steps(tries, Step{k_get, without_connection(end)});
    steps.push_back({"GET http://registry.test/v2/team/app/manifests/1", manifest()});
    steps.push_back({"GET http://registry.test/v2/team/app/manifests/1", manifest()});
    Server allowed(steps, insecure());
    CHECK(allowed.client.find_manifest("1"));
    CHECK(allowed.client.find_manifest("1"));
    CHECK(allowed.is_done());
    Server forbidden(std::vector<Step>(tries, Step{k_get, without_connection(end)}));
    const Error error = error_of(ErrorKind::failed, [&] { forbidden.client.find_manifest("1"); });
    CHECK(forbidden.is_done());
    if (end == End::no_tls) CHECK(error.hint() == "registry.test speaks no TLS: if that is right, use --tls-verify=false");
  }
}

TEST_CASE("credentials never go over http without the user's leave") {
  Server server({{k_get, answer(301, {{"Location", "http://registry.test/v2/team/app/manifests/1"}})}});
  error_of(ErrorKind::refused, [&] { server.client.find_manifest("1"); });
  CHECK(server.is_done());
  Server realm({{k_get, answer(401, {{"WWW-Authenticate", "Bearer realm=\"http://registry.test/token\""}})}});
  error_of(ErrorKind::refused, [&] { realm.client.find_manifest("1"); });
  CHECK(realm.is_done());
}

TEST_CASE("a registry that breaks off under https is not asked over http") {
  Server server(std::vector<Step>(7, Step{k_get, cut()}), insecure());
  CHECK(error_of(ErrorKind::failed, [&] { server.client.find_manifest("1"); })
            .message()
            .starts_with("cannot read registry.test/team/app:1: "));
  CHECK(server.is_done());
}

TEST_CASE("a redirect of a manifest to another host takes no credentials there [GHSA-vh4v-2xq2-g5cg]") {
  Server server({{k_get, answer(401, k_challenge)},
                 {k_token, token("T")},
                 {k_get, answer(302, {{"Location", "https://other.test/m"}})},
                 {"GET https://other.test/m", manifest()}});
  CHECK(server.client.find_manifest("1"));
  CHECK(server.http->requests[2].headers.find("Authorization") == "Bearer T");
  CHECK_FALSE(server.http->requests[3].headers.find("Authorization"));
  CHECK(server.http->requests[2].keep_public);
}

TEST_CASE("an error is one line of the server's words, without what a terminal would act on [terminal escapes]") {
  const Error error =
      refusal(ErrorKind::failed, scripted::error(400, "NAME_INVALID", "bad\\u001b[31m\\nname \\u202e" + std::string(500, 'x')));
  CHECK(error.message().starts_with(
      "cannot read registry.test/team/app:1: registry.test answered 400 (NAME_INVALID: bad\\x1b[31m name \\u202exxx"));
  CHECK(error.message().size() < 320);
  CHECK(
      refusal(ErrorKind::failed, answer(400, {{"Content-Type", "text/plain"}}, "plain\nwords\x9b")).message().find("(plain words\\x9b)") !=
      std::string::npos);
  CHECK(refusal(ErrorKind::failed, answer(400, {}, R"({"message":"front door"})")).message().ends_with("(front door)"));
}

TEST_CASE("HTML is never shown") {
  for (const FakeAnswer& page : {answer(502, {{"Content-Type", "text/html"}}, "<h1>x</h1>"), answer(502, {}, "  <!DOCTYPE html><p>x")}) {
    Server server(std::vector<Step>(7, Step{k_get, page}));
    CHECK(error_of(ErrorKind::failed, [&] { server.client.find_manifest("1"); }).message() ==
          "cannot read registry.test/team/app:1: registry.test answered 502 with a web page");
  }
}

TEST_CASE("hints say what to do") {
  auto hub = endpoint();
  hub.registry = "docker.io";
  const FakeAnswer denied = error(403, "DENIED", "requested access to the resource is denied");
  CHECK(refusal(ErrorKind::refused, denied).hint() == "check the name, or log in: jcbuild login registry.test");
  CHECK(refusal(ErrorKind::refused, denied).message().find("denied, the repository is missing or not yours") != std::string::npos);
  Server limited(std::vector<Step>(7, Step{k_get, error(429, "TOOMANYREQUESTS", "You have reached your pull rate limit")}), hub);
  const Error error = error_of(ErrorKind::failed, [&] { limited.client.find_manifest("1"); });
  CHECK(error.hint().starts_with("log in (jcbuild login docker.io) or use a mirror"));
  CHECK(error.message().starts_with("cannot read docker.io/team/app:1: "));
}

TEST_CASE("a certificate that is not accepted says how to go on") {
  oci::Endpoint place = endpoint();
  class Untrusted final : public oci::HttpClient {
   public:
    Untrusted() : HttpClient({}) {}

   private:
    oci::HttpOutcome exchange(const HttpRequest&, oci::HttpReceiver&) override {
      throw oci::HttpFailure(oci::HttpFailure::Reason::certificate, "cannot get https://registry.test/: self-signed certificate");
    }
  };
  place.plain_http = true;
  oci::RegistryClient client({[](const oci::Endpoint&) { return std::make_shared<Untrusted>(); }, nullptr, nullptr, nullptr}, place,
                             oci::Access::pull);
  CHECK(error_of(ErrorKind::failed, [&] { client.find_manifest("1"); }).hint().find("--tls-verify=false") != std::string::npos);
}

TEST_CASE("a warning is told once, without control characters") {
  CHECK(notes_of({{"Warning", "299 - \"old \x1b[31m\x07 image\""}, {"warning", "299 - \"other\""}}) ==
        std::vector<std::string>{"registry.test warns: old \\x1b[31m\\x07 image", "registry.test warns: other"});
  CHECK(notes_of({{"Warning", "299 - \"" + std::string(5000, 'x') + "\""}}).empty());
  CHECK(notes_of({{"Warning", "199 - \"not for people\""}}).empty());
}

TEST_CASE("few pulls that are left are told once") {
  CHECK(notes_of({{"ratelimit-remaining", "9;w=21600"}}) ==
        std::vector<std::string>{"registry.test allows 9 more pulls of 6 h; log in for more: jcbuild login registry.test"});
  CHECK(notes_of({{"ratelimit-remaining", "10;w=21600"}}).empty());
  CHECK(notes_of({{"ratelimit-remaining", "x"}}).empty());
}

TEST_CASE("a login is proved against the registry and its realm told") {
  auto place = endpoint();
  place.repository.clear();
  Server basic({{"GET /v2/", answer(200)}}, place, oci::Access::pull);
  CHECK(basic.client.check_login().empty());
  CHECK(basic.notes == std::vector<std::string>{"registry.test lets everybody in: the credentials were not looked at"});
  Server bearer({{"GET /v2/", answer(401, k_challenge)}, {"GET /token", token("T")}, {"GET /v2/", answer(200)}}, place, oci::Access::pull);
  CHECK(bearer.client.check_login() == "https://registry.test/token");
  Server page({{"GET /v2/", answer(200, {{"Content-Type", "text/html"}}, "<html>")}}, place, oci::Access::pull);
  CHECK(error_of(ErrorKind::failed, [&] { page.client.check_login(); }).message() ==
        "cannot log in to registry.test: registry.test answers with a web page: not a registry?");
  Server other({{"GET /v2/", answer(404)}}, place, oci::Access::pull);
  error_of(ErrorKind::not_found, [&] { other.client.check_login(); });
}
