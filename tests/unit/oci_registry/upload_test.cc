// SPDX-License-Identifier: Apache-2.0
#include "scripted_client.h"

using namespace jcb;
using namespace scripted;

namespace {

const std::string k_bytes = "0123456789abcdefghij";
const oci::Descriptor k_blob = describe(k_bytes);
const std::string k_digest = "digest=sha256%3A" + k_blob.digest.hex();
const std::string k_post = "POST /v2/team/app/blobs/uploads/", k_head = "HEAD /v2/team/app/blobs/" + k_blob.digest.text();
const std::string k_base = "/v2/team/app/blobs/uploads/";

FakeAnswer opened(const std::string& location, HttpHeaders more = {}) {
  more.add("Location", location);
  return answer(202, std::move(more));
}
FakeAnswer at(const std::string& range, const std::string& location = {}, int status = 202) {
  HttpHeaders headers{{"Range", range}};
  if (!location.empty()) headers.add("Location", location);
  return answer(status, std::move(headers));
}

// Sends the bytes and returns the last count that was told.
std::uint64_t push(Server& server, const std::string& bytes = k_bytes) {
  std::uint64_t told = 0;
  server.client.put_blob(describe(bytes), body_of(bytes), [&](std::uint64_t count) { told = count; });
  CHECK(server.is_done());
  return told;
}

Error refusal(ErrorKind kind, Server& server, const std::string& bytes = k_bytes, const oci::Descriptor& blob = k_blob) {
  const Error error = error_of(kind, [&] { server.client.put_blob(blob, body_of(bytes), {}); });
  CHECK(server.is_done());
  return error;
}

std::string whole(const std::string& location) {
  return "PUT " + location + (location.find('?') == std::string::npos ? "?" : "&") + k_digest;
}

}  // namespace

TEST_CASE("a blob goes in one PUT, the query of its location kept [30]") {
  for (const auto& [location, put] :
       {std::pair<std::string, std::string>{"/v2/team/app/blobs/uploads/u?_state=a%2Bb", k_base + "u?_state=a%2Bb"},
        {"https://registry.test/v2/team/app/blobs/uploads/u", k_base + "u"},
        {"u", k_base + "u"},
        {"http://registry.test/x?y=1", "/x?y=1"},
        {"http://registry.test:80/x", "/x"},
        {"//registry.test/x", "/x"}}) {
    INFO(location);
    Server server({{k_post, opened(location)}, {whole(put), answer(201)}});
    CHECK(push(server) == 20);
    CHECK(server.bodies[1] == k_bytes);
    CHECK(server.http->requests[1].headers.find("Content-Type") == "application/octet-stream");
  }
}

TEST_CASE("an old registry answers 204, and one in between 202 means not done yet") {
  Server old({{k_post, opened("/u")}, {whole("/u"), answer(204)}});
  push(old);
  Server later({{k_post, opened("/u")}, {whole("/u"), answer(202)}, {"GET /u", at("0-19", "/v", 204)}, {whole("/v"), answer(201)}});
  push(later);
  CHECK(later.bodies[3].empty());
}

TEST_CASE("an upload without a location is an error [30]") {
  Server server({{k_post, answer(202)}});
  CHECK(refusal(ErrorKind::invalid, server).message() ==
        "cannot push registry.test/team/app@" + k_blob.digest.text() + ": registry.test does not say where to upload to (no Location)");
}

TEST_CASE("an upload to another host gets the body without credentials, and a public registry's no private host [CVE-2026-50151]") {
  for (const auto peer :
       {oci::HttpResponse::Peer::public_network, oci::HttpResponse::Peer::unknown, oci::HttpResponse::Peer::private_network}) {
    FakeAnswer elsewhere = opened("https://store.test/u?sig=1");
    elsewhere.peer = peer;
    Server server({{k_post, answer(401, {{"WWW-Authenticate", "Bearer realm=\"https://registry.test/token\""}})},
                   {"GET /token?scope=repository%3Ateam%2Fapp%3Apull%2Cpush", answer(200, {}, R"({"token":"T"})")},
                   {k_post, elsewhere},
                   {"PUT https://store.test/u?sig=1&" + k_digest, answer(201)}});
    push(server);
    CHECK(server.http->requests[2].headers.find("Authorization") == "Bearer T");
    CHECK_FALSE(server.http->requests[3].headers.find("Authorization"));
    CHECK(server.http->requests[3].only_public == (peer != oci::HttpResponse::Peer::private_network));
    CHECK(server.bodies[3] == k_bytes);
  }
}

TEST_CASE("an upload that would leave https is refused [http downgrade of Location]") {
  for (const char* location : {"http://other.test/u", "http://registry.test:8080/u", "ftp://registry.test/u"}) {
    INFO(location);
    Server server({{k_post, opened(location)}});
    refusal(ErrorKind::refused, server);
  }
}

TEST_CASE("an upload that broke goes on where the registry stands [cutup]") {
  const std::string bytes(3 << 20, 'x');
  const auto blob = describe(bytes);
  const std::string digest = "digest=sha256%3A" + blob.digest.hex();
  for (const FakeAnswer& failure : {cut(), answer(500), answer(502), answer(408)}) {
    Server server({{k_post, opened("/u?s=1")},
                   {"PUT /u?s=1&" + digest, failure},
                   {"GET /u?s=1", at("0-2097151", "/u?s=2", 204)},
                   {"PATCH /u?s=2", at("0-3145727", "/u?s=3")},
                   {"PUT /u?s=3&" + digest, answer(201)}});
    CHECK(push(server, bytes) == bytes.size());
    CHECK(server.bodies[3].size() == 1 << 20);
    CHECK(server.http->requests[3].headers.find("Content-Range") == "2097152-3145727");
    CHECK(server.bodies[4].empty());
  }
}

TEST_CASE("a session of 0-0 has one byte or none: a new one is opened") {
  Server server({{k_post, opened("/u")},
                 {whole("/u"), cut()},
                 {"GET /u", at("0-0", "/u", 204)},
                 {"DELETE /u", answer(204)},
                 {k_post, opened("/v")},
                 {whole("/v"), answer(201)}});
  push(server);
  CHECK(server.bodies.back() == k_bytes);
}

TEST_CASE("a session that is lost is opened anew [33]") {
  for (const FakeAnswer& lost : {answer(404), error(404, "BLOB_UPLOAD_UNKNOWN"), error(400, "BLOB_UPLOAD_INVALID")}) {
    Server server(
        {{k_post, opened("/u")}, {whole("/u"), lost}, {"DELETE /u", answer(404)}, {k_post, opened("/v")}, {whole("/v"), answer(201)}});
    push(server);
  }
}

TEST_CASE("a blob whose PUT got lost after it was stored is not sent again") {
  Server server({{k_post, opened("/u")}, {whole("/u"), cut()}, {"GET /u", answer(404)}, {k_head, answer(200)}, {"DELETE /u", answer(404)}});
  server.client.put_blob(k_blob, body_of(k_bytes), {});
  CHECK(server.http->requests.size() >= 4);
}

TEST_CASE("a token that expires under an upload is renewed, and the upload goes on") {
  const std::string challenge = "Bearer realm=\"https://registry.test/token\"",
                    token = "GET /token?scope=repository%3Ateam%2Fapp%3Apull%2Cpush";
  Server server({{k_post, answer(401, {{"WWW-Authenticate", challenge}})},
                 {token, answer(200, {}, R"({"token":"T1"})")},
                 {k_post, opened("/u")},
                 {whole("/u"), answer(401, {{"WWW-Authenticate", challenge}})},
                 {token, answer(200, {}, R"({"token":"T2"})")},
                 {"GET /u", at("0-9", "/v", 204)},
                 {"PATCH /v", at("0-19", "/w")},
                 {whole("/w"), answer(201)}});
  push(server);
  CHECK(server.http->requests[6].headers.find("Authorization") == "Bearer T2");
  CHECK(server.bodies[6] == k_bytes.substr(10));
}

TEST_CASE("a registry that refuses a large body gets chunks, halved as long as they are too large [413]") {
  const std::string bytes(24 << 20, 'x');
  const std::string digest = "digest=sha256%3A" + oci::Digest::of(bytes).hex();
  Server server({{k_post, opened("/u")},
                 {"PUT /u?" + digest, answer(413)},
                 {"DELETE /u", answer(204)},
                 {k_post, opened("/v")},
                 {"PATCH /v", answer(413)},
                 {"GET /v", at("0-0", "/v", 204)},
                 {"DELETE /v", answer(204)},
                 {k_post, opened("/w?1")},
                 {"PATCH /w?1", at("0-6291455", "/w?2", 201)},  // as ECR says it
                 {"PATCH /w?2", at("0-12582911", "/w?3")},
                 {"PATCH /w?3", at("0-18874367", "/w?4")},
                 {"PATCH /w?4", at("0-25165823", "/w?5")},
                 {"PUT /w?5&" + digest, answer(201)}});
  CHECK(push(server, bytes) == bytes.size());
  CHECK(server.http->requests[8].headers.find("Content-Range") == "0-6291455");
  CHECK(server.http->requests[11].headers.find("Content-Range") == "18874368-25165823");
}

TEST_CASE("chunks are not smaller than the registry wants them, nor than 5 MiB") {
  const std::string bytes(24 << 20, 'x');
  const std::string digest = "digest=sha256%3A" + oci::Digest::of(bytes).hex();
  const HttpHeaders least{{"OCI-Chunk-Min-Length", "20971520"}};
  Server server({{k_post, opened("/u", least)},
                 {"PUT /u?" + digest, answer(413)},
                 {"DELETE /u", answer(204)},
                 {k_post, opened("/v", least)},
                 {"PATCH /v", at("0-20971519", "/v")},
                 {"PATCH /v", at("0-25165823", "/v")},
                 {"PUT /v?" + digest, answer(201)}});
  push(server, bytes);
  Server small({{k_post, opened("/u")}, {whole("/u"), answer(413)}, {"DELETE /u", answer(204)}});
  CHECK(refusal(ErrorKind::failed, small).message().find("the body is too large") != std::string::npos);
}

TEST_CASE("a chunk that the registry has only in part goes on from there [31]") {
  const std::string bytes(6 << 20, 'x');
  const std::string digest = "digest=sha256%3A" + oci::Digest::of(bytes).hex();
  Server server({{k_post, opened("/u")},
                 {"PUT /u?" + digest, cut()},
                 {"GET /u", at("0-1048575", "/a", 204)},
                 {"PATCH /a", at("0-3145727", "/b")},
                 {"PATCH /b", answer(416)},
                 {"GET /b", at("0-4194303", "/c", 204)},
                 {"PATCH /c", at("0-6291455")},
                 {"PUT /c?" + digest, answer(201)}});
  push(server, bytes);
  CHECK(server.http->requests[4].headers.find("Content-Range") == "3145728-6291455");
  CHECK(server.http->requests[6].headers.find("Content-Range") == "4194304-6291455");
}

TEST_CASE("a registry that keeps nothing of a chunk is sent all at once again") {
  Server server({{k_post, opened("/u")},
                 {whole("/u"), cut()},
                 {"GET /u", at("0-9", "/u", 204)},
                 {"PATCH /u", at("0-9", "/u")},
                 {"DELETE /u", answer(204)},
                 {k_post, opened("/v")},
                 {whole("/v"), answer(201)}});
  push(server);
}

TEST_CASE("a blob that is damaged here is named, one that the registry spoilt is sent again [31]") {
  const std::string other = "X123456789abcdefghij";
  Server damaged({{k_post, opened("/u")}, {whole("/u"), error(400, "DIGEST_INVALID")}, {"DELETE /u", answer(204)}});
  CHECK(refusal(ErrorKind::invalid, damaged, other).message() ==
        "cannot push registry.test/team/app@" + k_blob.digest.text() + ": the blob here is damaged, its content has another digest");
  Server spoilt({{k_post, opened("/u")},
                 {whole("/u"), error(400, "DIGEST_INVALID")},
                 {"DELETE /u", answer(204)},
                 {k_post, opened("/v")},
                 {whole("/v"), answer(201)}});
  push(spoilt);
}

TEST_CASE("five tries that bring nothing are the end, and the upload is cancelled") {
  std::vector<Step> steps;
  for (int i = 0; i < 5; ++i) {
    steps.push_back({k_post, opened("/u")});
    steps.push_back({whole("/u"), error(500, "UNKNOWN", "disk full")});
    if (i < 4) steps.push_back({"GET /u", at("0-0", "", 204)});
    steps.push_back({"DELETE /u", answer(204)});
  }
  Server server(steps);
  CHECK(refusal(ErrorKind::failed, server).message() ==
        "cannot push registry.test/team/app@" + k_blob.digest.text() + ": registry.test answered 500 (UNKNOWN: disk full)");
  CHECK(server.http->pauses.size() == 4);
}

TEST_CASE("a registry that hangs up on an upload may lack the repository [ECR]") {
  std::vector<Step> steps(5, Step{k_post, cut()});
  Server server(steps);
  const Error error = refusal(ErrorKind::failed, server);
  CHECK(error.hint() == "create the repository first, if it is not there");
  Server unknown({{k_post, scripted::error(404, "NAME_UNKNOWN")}});
  CHECK(refusal(ErrorKind::not_found, unknown).hint() == "create the repository first");
}

TEST_CASE("an upload that is denied is cancelled and says so") {
  Server server(
      {{k_post, opened("/u?_state=secret")}, {whole("/u?_state=secret"), error(403, "DENIED")}, {"DELETE /u?_state=secret", answer(204)}});
  const Error error = refusal(ErrorKind::refused, server);
  CHECK(error.message().find("denied, the repository is missing or not yours") != std::string::npos);
  CHECK(error.message().find("_state") == std::string::npos);
}

TEST_CASE("a mount asks for the other repository's scope as well") {
  const std::string post = k_post + "?mount=sha256%3A" + k_blob.digest.hex() + "&from=other/base";
  Server server(
      {{"POST " + k_base + post.substr(k_post.size()), answer(401, {{"WWW-Authenticate", "Bearer realm=\"https://registry.test/token\""}})},
       {"GET /token?scope=repository%3Ateam%2Fapp%3Apull%2Cpush&scope=repository%3Aother%2Fbase%3Apull",
        answer(200, {}, R"({"token":"T"})")},
       {"POST " + k_base + post.substr(k_post.size()), answer(201)}});
  CHECK(server.client.mount_blob(k_blob.digest, "other/base"));
  CHECK(server.is_done());
}

TEST_CASE("a mount that opens an upload instead leaves it to the blob [32]") {
  const std::string post = k_post + "?mount=sha256%3A" + k_blob.digest.hex() + "&from=other/base";
  Server server({{post, opened("/u")}, {whole("/u"), answer(201)}});
  CHECK_FALSE(server.client.mount_blob(k_blob.digest, "other/base"));
  push(server);
  Server twice({{post, opened("/u")}, {post, opened("/v")}, {"DELETE /u", answer(204)}, {whole("/v"), answer(201)}});
  CHECK_FALSE(twice.client.mount_blob(k_blob.digest, "other/base"));
  CHECK_FALSE(twice.client.mount_blob(k_blob.digest, "other/base"));
  push(twice);
}

TEST_CASE("a mount that fails in any way only means that the blob is sent") {
  const std::string post = k_post + "?mount=sha256%3A" + k_blob.digest.hex() + "&from=other/base";
  for (const FakeAnswer& failure : {answer(500), error(404, "NAME_UNKNOWN"), error(403, "DENIED"), cut(), answer(202), answer(200)}) {
    Server server({{post, failure}});
    CHECK_FALSE(server.client.mount_blob(k_blob.digest, "other/base"));
  }
}
