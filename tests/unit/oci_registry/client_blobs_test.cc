// SPDX-License-Identifier: Apache-2.0
#include "scripted_client.h"

using namespace jcb;
using namespace scripted;

namespace {

const std::string k_bytes = "0123456789abcdefghij";
const oci::Descriptor k_blob = describe(k_bytes);
const std::string k_get = "GET /v2/team/app/blobs/" + k_blob.digest.text(), k_head = "HEAD /v2/team/app/blobs/" + k_blob.digest.text();
const std::string k_store = "GET https://store.test/signed?sig=1";

FakeAnswer go_to(const std::string& url) { return answer(307, {{"Location", url}}); }
FakeAnswer part(std::size_t first, std::size_t size) {
  return answer(206, {{"Content-Range", "bytes " + std::to_string(first) + "-" + std::to_string(first + size - 1) + "/20"}},
                k_bytes.substr(first, size));
}

std::string read(Server& server) {
  oci::TextSink sink;
  server.client.read_blob(k_blob, sink);
  return sink.text();
}

}  // namespace

TEST_CASE("a blob is read through a redirect, and the token stays with the registry [24]") {
  Server server({{k_get, answer(401, {{"WWW-Authenticate", "Bearer realm=\"https://registry.test/token\",service=\"s\""}})},
                 {"GET /token?service=s&scope=repository%3Ateam%2Fapp%3Apull%2Cpush", answer(200, {}, R"({"token":"T"})")},
                 {k_get, go_to("https://store.test/signed?sig=1")},
                 {k_store, answer(200, {}, k_bytes)}});
  CHECK(read(server) == k_bytes);
  CHECK(server.http->requests[2].headers.find("Authorization") == "Bearer T");
  CHECK_FALSE(server.http->requests[3].headers.find("Authorization"));
  CHECK(server.http->requests[2].keep_public);
}

TEST_CASE("an address that has expired is asked for again through the registry") {
  for (const int status : {400, 401, 403, 404, 410}) {
    Server server({{k_get, go_to("https://store.test/signed?sig=1")},
                   {k_store, answer(status, {{"WWW-Authenticate", "Basic realm=\"store\""}}, "<Error>Expired</Error>")},
                   {k_get, go_to("https://store.test/signed?sig=2")},
                   {"GET https://store.test/signed?sig=2", answer(200, {}, k_bytes)}});
    CHECK(read(server) == k_bytes);
  }
}

TEST_CASE("an address that expires in the middle of a blob costs no byte again") {
  Server server({{k_get, go_to("https://store.test/signed?sig=1")},
                 {k_store, {200, {}, k_bytes.substr(0, 7), End::cut}},
                 {k_get, go_to("https://store.test/signed?sig=1")},
                 {k_store, answer(403)},
                 {k_get, go_to("https://store.test/signed?sig=1")},
                 {k_store, part(7, 13)}});
  CHECK(read(server) == k_bytes);
  CHECK(server.http->requests.back().headers.find("Range") == "bytes=7-19");
}

TEST_CASE("a store that always refuses is an error after a few times") {
  std::vector<Step> steps;
  for (int i = 0; i < 4; ++i) {
    steps.push_back({k_get, go_to("https://store.test/signed?sig=1")});
    steps.push_back({k_store, answer(403, {}, "no")});
  }
  Server server(steps);
  const auto failure = error_of(ErrorKind::refused, [&] { read(server); });
  CHECK(failure.message().find("sig=1") == std::string::npos);
  CHECK(server.is_done());
}

TEST_CASE("a blob that HEAD has and GET has not is said to be so [34]") {
  Server server({{k_get, error(404, "BLOB_UNKNOWN")}, {k_head, answer(200)}});
  const auto failure = error_of(ErrorKind::failed, [&] { read(server); });
  CHECK(failure.message() == "cannot read registry.test/team/app@" + k_blob.digest.text() +
                                 ": registry.test says that it has the blob (HEAD), but does not send it (GET answered 404)");
  Server missing({{k_get, error(404, "BLOB_UNKNOWN")}, {k_head, answer(404)}});
  error_of(ErrorKind::not_found, [&] { read(missing); });
}

TEST_CASE("a blob of another size than its descriptor says is refused [HEAD lies about size] [15]") {
  Server longer({{k_get, answer(200, {}, k_bytes + "x")}});
  error_of(ErrorKind::invalid, [&] { read(longer); });
  Server shorter({{k_get, answer(200, {}, "0123")}});
  CHECK(error_of(ErrorKind::invalid, [&] { read(shorter); }).message().find("sent 4 bytes instead of 20") != std::string::npos);
}

TEST_CASE("a part is read exactly, and a server that knows none is told apart [21]") {
  Server server({{k_get, part(5, 4)}});
  oci::TextSink sink;
  CHECK(server.client.read_part(k_blob, {5, 4}, sink) == oci::PartResult::received);
  CHECK(sink.text() == "5678");
  CHECK(server.http->requests[0].headers.find("Range") == "bytes=5-8");
  Server whole({{k_get, answer(200, {}, k_bytes)}});
  oci::TextSink nothing;
  CHECK(whole.client.read_part(k_blob, {5, 4}, nothing) == oci::PartResult::not_supported);
  CHECK(nothing.text().empty());
  Server none({});
  CHECK_THROWS_AS(none.client.read_part(k_blob, {18, 3}, nothing), Error);
  CHECK_THROWS_AS(none.client.read_part(k_blob, {20, 1}, nothing), Error);
}

TEST_CASE("a small blob is verified, and read once more when it is not right [17]") {
  const std::string wrong = "X123456789abcdefghij";
  Server flipped({{k_get, answer(200, {}, wrong)}, {k_get, answer(200, {}, k_bytes)}});
  CHECK(flipped.client.read_small_blob(k_blob, 20) == k_bytes);
  Server damaged({{k_get, answer(200, {}, wrong)}, {k_get, answer(200, {}, wrong)}});
  error_of(ErrorKind::invalid, [&] { damaged.client.read_small_blob(k_blob, 20); });
  Server none({});
  error_of(ErrorKind::invalid, [&] { none.client.read_small_blob(k_blob, 19); });
}

TEST_CASE("HEAD says whether a blob is there, a store that takes no HEAD does not matter") {
  Server there({{k_head, answer(200)}}), missing({{k_head, answer(404)}});
  CHECK(there.client.has_blob(k_blob.digest));
  CHECK_FALSE(missing.client.has_blob(k_blob.digest));
  Server signed_for_get({{k_head, go_to("https://store.test/x")}, {"HEAD https://store.test/x", answer(403)}});
  CHECK(signed_for_get.client.has_blob(k_blob.digest));
}

TEST_CASE("the urls of a foreign layer are never fetched [CVE-2020-15157]") {
  oci::Descriptor foreign = k_blob;
  foreign.urls = {"https://evil.test/layer"};
  Server server({{k_get, answer(404)}, {k_head, answer(404)}});
  oci::TextSink sink;
  error_of(ErrorKind::not_found, [&] { server.client.read_blob(foreign, sink); });
  CHECK(server.is_done());
}
