// SPDX-License-Identifier: Apache-2.0
#include "oci/media_type.h"
#include "scripted_client.h"

using namespace jcb;
using namespace scripted;

namespace {

const std::string k_manifest = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[]})";
const std::string k_untyped = R"({"schemaVersion":2,"config":{},"layers":[]})";
const std::string k_type{oci::k_media_manifest};
const std::string k_digest = oci::Digest::of(k_manifest).text();

FakeAnswer manifest(const std::string& type, const std::string& body, HttpHeaders more = {}) {
  if (!type.empty()) more.add("Content-Type", type);
  return answer(200, std::move(more), body);
}

std::string type_of(const std::string& header_type, const std::string& body) {
  Server server({{"GET /v2/team/app/manifests/1", manifest(header_type, body)}});
  return server.client.find_manifest("1")->descriptor.media_type;
}

std::string refusal(ErrorKind kind, const std::string& header_type, const std::string& body, HttpHeaders more = {},
                    const std::string& reference = "1") {
  Server server({{"GET /v2/team/app/manifests/" + reference, manifest(header_type, body, std::move(more))}});
  return error_of(kind, [&] { server.client.find_manifest(reference); }).message();
}

}  // namespace

TEST_CASE("GET and HEAD of a manifest accept OCI's and docker's types and nothing of schema 1") {
  Server server({{"HEAD /v2/team/app/manifests/1", answer(404)}, {"GET /v2/team/app/manifests/1", answer(404)}});
  CHECK_FALSE(server.client.find_descriptor("1"));
  CHECK_FALSE(server.client.find_manifest("1"));
  for (const auto& request : server.http->requests) {
    const std::string accept = request.headers.find("Accept").value_or("");
    for (const auto type : {oci::k_media_manifest, oci::k_media_index, oci::k_docker_manifest, oci::k_docker_manifest_list})
      CHECK(accept.find(type) != std::string::npos);
    CHECK(accept.find("v1+prettyjws") == std::string::npos);
    CHECK(accept.find("docker.distribution.manifest.v1") == std::string::npos);
  }
}

TEST_CASE("a manifest's digest is that of its bytes") {
  Server server({{"GET /v2/team/app/manifests/1", manifest(k_type, k_manifest)}});
  const auto found = server.client.find_manifest("1");
  CHECK(found->bytes == k_manifest);
  CHECK(found->descriptor == describe(k_manifest, k_type));
}

TEST_CASE("a lying Docker-Content-Digest is refused, also with another algorithm [25]") {
  const std::string message = refusal(ErrorKind::invalid, k_type, k_manifest, {{"Docker-Content-Digest", oci::Digest::of("x").text()}});
  CHECK(message.starts_with("cannot read registry.test/team/app:1: the registry says that it sent sha256:"));
  refusal(ErrorKind::invalid, k_type, k_manifest, {{"Docker-Content-Digest", "sha512:" + std::string(128, 'a')}});
  refusal(ErrorKind::invalid, k_type, k_manifest, {{"Docker-Content-Digest", "sha256:../../x"}});
}

TEST_CASE("a manifest that is not the one that was asked for is refused [digest mismatch]") {
  const std::string other = oci::Digest::of("other").text();
  const std::string message = refusal(ErrorKind::invalid, k_type, k_manifest, {}, other);
  CHECK(message == "cannot read registry.test/team/app@" + other + ": the registry sent something else, " + k_digest);
}

TEST_CASE("a digest that is none, or a tag that is none, becomes no path [CVE-2024-3727]") {
  for (const char* reference : {"sha256:../../x", "md5:d41d8cd98f00b204e9800998ecf8427e", "../x", "a/b", "", "a?b", "-x", ".x"}) {
    INFO(reference);
    Server server({});
    error_of(ErrorKind::invalid, [&] { server.client.find_manifest(reference); });
    error_of(ErrorKind::invalid, [&] { server.client.find_descriptor(reference); });
    error_of(ErrorKind::invalid, [&] { server.client.put_manifest(reference, describe("{}", k_type), "{}"); });
  }
}

TEST_CASE("a vague Content-Type gives way to what the document says, then to its shape [26]") {
  for (const char* vague : {"", "text/plain; charset=utf-8", "application/json", "Application/Octet-Stream"}) {
    INFO(vague);
    CHECK(type_of(vague, k_manifest) == k_type);
    CHECK(type_of(vague, k_untyped) == k_type);
    CHECK(type_of(vague, R"({"schemaVersion":2,"manifests":[]})") == oci::k_media_index);
    CHECK(type_of(vague, R"({"schemaVersion":2,"mediaType":")" + std::string(oci::k_docker_manifest) + R"("})") == oci::k_docker_manifest);
  }
  CHECK(type_of(k_type + "; charset=utf-8", k_untyped) == k_type);
}

TEST_CASE("a document that is not what its type says is refused [CVE-2021-41190]") {
  refusal(ErrorKind::invalid, std::string(oci::k_media_index), k_manifest);
  refusal(ErrorKind::invalid, "", R"({"schemaVersion":2,"manifests":[],"layers":[]})");
  refusal(ErrorKind::invalid, "", R"({"schemaVersion":2})");
  refusal(ErrorKind::invalid, "", "[]");
  refusal(ErrorKind::invalid, k_type, "no JSON");
  refusal(ErrorKind::invalid, k_type, R"({"schemaVersion":2,"schemaVersion":2})");
  CHECK(refusal(ErrorKind::unsupported, "application/vnd.acme.thing", "{}")
            .ends_with("it is application/vnd.acme.thing, neither a manifest nor an index"));
}

TEST_CASE("docker's schema 1 is refused by name") {
  for (const char* type : {"application/vnd.docker.distribution.manifest.v1+prettyjws",
                           "application/vnd.docker.distribution.manifest.v1+json", "", "application/json"}) {
    INFO(type);
    CHECK(refusal(ErrorKind::unsupported, type, R"({"schemaVersion":1,"fsLayers":[]})").find("docker's schema 1") != std::string::npos);
  }
}

TEST_CASE("a web page is no registry") {
  const std::string message = refusal(ErrorKind::failed, "text/html; charset=utf-8", "<html><body>\x1b[31mWelcome</body></html>");
  CHECK(message == "cannot read registry.test/team/app:1: registry.test answers with a web page: not a registry?");
  Server missing({{"GET /v2/team/app/manifests/1", answer(404, {{"Content-Type", "text/html"}}, "<html>")}});
  CHECK(error_of(ErrorKind::failed, [&] { missing.client.find_manifest("1"); }).message() == message);
  Server head({{"HEAD /v2/team/app/manifests/1", answer(404, {{"Content-Type", "text/html"}})},
               {"GET /v2/team/app/manifests/1", answer(404, {{"Content-Type", "text/html"}}, "<html>")}});
  CHECK(error_of(ErrorKind::failed, [&] { head.client.find_descriptor("1"); }).message() == message);
}

TEST_CASE("a manifest above 4 MiB is refused [28]") {
  CHECK(refusal(ErrorKind::invalid, k_type, std::string((4 << 20) + 1, ' ')).find("more than 4194304 bytes") != std::string::npos);
}

TEST_CASE("HEAD that says all is enough, one that does not is followed by GET") {
  const HttpHeaders all{{"Content-Type", k_type}, {"Docker-Content-Digest", k_digest}, {"Content-Length", "106"}};
  Server enough({{"HEAD /v2/team/app/manifests/1", answer(200, all)}});
  CHECK(enough.client.find_descriptor("1")->digest.text() == k_digest);
  for (const char* missing : {"Content-Type", "Docker-Content-Digest", "Content-Length"}) {
    INFO(missing);
    HttpHeaders some = all;
    some.remove(missing);
    Server server({{"HEAD /v2/team/app/manifests/1", answer(200, some)}, {"GET /v2/team/app/manifests/1", manifest(k_type, k_manifest)}});
    CHECK(server.client.find_descriptor("1") == describe(k_manifest, k_type));
  }
  Server refused({{"HEAD /v2/team/app/manifests/1", answer(405)}, {"GET /v2/team/app/manifests/1", manifest(k_type, k_manifest)}});
  CHECK(refused.client.find_descriptor("1")->size_bytes == k_manifest.size());
}

TEST_CASE("HEAD by digest that stands for another is refused") {
  const std::string other = oci::Digest::of("other").text();
  Server server({{"HEAD /v2/team/app/manifests/" + other,
                  answer(200, {{"Content-Type", k_type}, {"Docker-Content-Digest", k_digest}, {"Content-Length", "9"}})}});
  error_of(ErrorKind::invalid, [&] { server.client.find_descriptor(other); });
}

TEST_CASE("a manifest is put with its type and its very bytes") {
  Server server({{"PUT /v2/team/app/manifests/1", answer(201, {{"Docker-Content-Digest", k_digest}})}});
  server.client.put_manifest("1", describe(k_manifest, k_type), k_manifest);
  CHECK(server.http->requests[0].headers.find("Content-Type") == k_type);
  CHECK(server.bodies[0] == k_manifest);
}

TEST_CASE("a manifest that the registry stored as another is an error") {
  Server server({{"PUT /v2/team/app/manifests/1", answer(201, {{"Docker-Content-Digest", oci::Digest::of("x").text()}})}});
  error_of(ErrorKind::invalid, [&] { server.client.put_manifest("1", describe(k_manifest, k_type), k_manifest); });
}

TEST_CASE("a manifest whose PUT got a 500 after it was stored is there [35]") {
  const FakeAnswer there = answer(200, {{"Content-Type", k_type}, {"Docker-Content-Digest", k_digest}, {"Content-Length", "106"}});
  for (const FakeAnswer& failure : {answer(500), answer(503), cut()}) {
    Server server({{"PUT /v2/team/app/manifests/1", failure}, {"HEAD /v2/team/app/manifests/1", there}});
    server.client.put_manifest("1", describe(k_manifest, k_type), k_manifest);
    CHECK(server.is_done());
  }
  Server again({{"PUT /v2/team/app/manifests/1", answer(500)},
                {"HEAD /v2/team/app/manifests/1", answer(404)},
                {"PUT /v2/team/app/manifests/1", answer(201)}});
  again.client.put_manifest("1", describe(k_manifest, k_type), k_manifest);
  CHECK(again.is_done());
  CHECK(again.http->pauses.size() == 1);
}

TEST_CASE("a manifest is put five times at most") {
  std::vector<Step> steps;
  for (int i = 0; i < 5; ++i) {
    steps.push_back({"PUT /v2/team/app/manifests/1", error(500, "UNKNOWN")});
    steps.push_back({"HEAD /v2/team/app/manifests/1", answer(404)});
  }
  Server server(steps);
  const auto failure = error_of(ErrorKind::failed, [&] { server.client.put_manifest("1", describe(k_manifest, k_type), k_manifest); });
  CHECK(failure.message() == "cannot push registry.test/team/app:1: registry.test answered 500 (UNKNOWN: said so)");
  CHECK(server.is_done());
}

TEST_CASE("a manifest that is too large for the registry is said to be so") {
  Server server({{"PUT /v2/team/app/manifests/1", answer(413, {}, "<html>nginx</html>")}});
  const auto failure = error_of(ErrorKind::failed, [&] { server.client.put_manifest("1", describe(k_manifest, k_type), k_manifest); });
  CHECK(failure.message() ==
        "cannot push registry.test/team/app:1: the body is too large for it or a proxy before it: registry.test answered 413");
}

TEST_CASE("deletion that is switched off is unsupported, a missing manifest is not found") {
  const auto digest = oci::Digest::of("x");
  const std::string request = "DELETE /v2/team/app/manifests/" + digest.text();
  for (const FakeAnswer& refused : {error(405, "UNSUPPORTED"), error(400, "UNSUPPORTED"), answer(405)}) {
    Server server({{request, refused}});
    CHECK(error_of(ErrorKind::unsupported, [&] { server.client.delete_manifest(digest); }).message() ==
          "cannot delete registry.test/team/app@" + digest.text() + ": registry.test does not allow deletion");
  }
  Server missing({{request, error(404, "MANIFEST_UNKNOWN")}});
  error_of(ErrorKind::not_found, [&] { missing.client.delete_manifest(digest); });
  Server done({{request, answer(202)}});
  done.client.delete_manifest(digest);
}

TEST_CASE("a manifest with a subject is listed under its fallback tag unless the registry says OCI-Subject") {
  const std::string subject = R"("subject":{"mediaType":")" + k_type + R"(","digest":")" + k_digest + R"(","size":106})";
  const std::string bytes =
      R"({"schemaVersion":2,"mediaType":")" + k_type + R"(","artifactType":"a/b",)" + subject + R"(,"annotations":{"k":"v"}})";
  const std::string tag = "sha256-" + k_digest.substr(7);
  Server knows({{"PUT /v2/team/app/manifests/1", answer(201, {{"OCI-Subject", k_digest}})}});
  knows.client.put_manifest("1", describe(bytes, k_type), bytes);
  Server lacks({{"PUT /v2/team/app/manifests/1", answer(201)},
                {"GET /v2/team/app/manifests/" + tag, answer(404)},
                {"PUT /v2/team/app/manifests/" + tag, answer(201)}});
  lacks.client.put_manifest("1", describe(bytes, k_type), bytes);
  const auto index = oci::Index::parse(lacks.bodies.back());
  REQUIRE(index.manifests.size() == 1);
  CHECK(index.manifests[0].digest == oci::Digest::of(bytes));
  CHECK(index.manifests[0].artifact_type == "a/b");
  CHECK(index.manifests[0].annotations.at("k") == "v");
  Server has({{"PUT /v2/team/app/manifests/1", answer(201)},
              {"GET /v2/team/app/manifests/" + tag, manifest(std::string(oci::k_media_index), lacks.bodies.back())}});
  has.client.put_manifest("1", describe(bytes, k_type), bytes);
  CHECK(has.is_done());
}
