// SPDX-License-Identifier: Apache-2.0
#include "oci/server/registry_server.h"

#include "oci/blob_files.h"
#include "store.h"
#include "util/file.h"

#include <fcntl.h>
#include <unistd.h>

using namespace jcb::oci;
using jcb::util::Fd;
using store::refusal;
using store::sent;
using store::TestServer;

namespace {

const std::string k_layer = Digest::of("layer").text();

struct ManifestOptions {
  std::string artifact_type;
  std::optional<Descriptor> subject;
};

Descriptor put_artifact(const Layout& layout, const ManifestOptions& options) {
  const Manifest manifest{std::string(k_media_manifest),
                          options.artifact_type,
                          samples::put(layout, "application/x-config", "{}"),
                          {},
                          options.subject,
                          {{"k", "v"}}};
  return samples::put(layout, k_media_manifest, manifest.serialize());
}

}  // namespace

TEST_CASE("the base says that this is a registry") {
  TestServer server;
  for (const char* target : {"/v2/", "/v2", "http://board:5000/v2/"}) {
    const auto answer = server.ask(target);
    CHECK(answer.status == 200);
    CHECK(answer.find_header("docker-distribution-api-version") == "registry/2.0");
  }
  CHECK(refusal(server.ask("/")) == "404 UNSUPPORTED");
}

TEST_CASE("a manifest is answered by tag and by digest, byte for byte, under its own type") {
  TestServer server;
  const auto image = server.tag("my/image:v1");
  for (const std::string& reference : {std::string("v1"), image.digest.text(), "sha256%3A" + image.digest.hex()}) {
    const auto answer = server.ask("/v2/my/image/manifests/" + reference);
    CHECK(answer.status == 200);
    CHECK(Digest::of(answer.body) == image.digest);
    CHECK(answer.find_header("Content-Type") == k_media_manifest);
    CHECK(answer.find_header("Docker-Content-Digest") == image.digest.text());
    CHECK(answer.find_header("ETag") == "\"" + image.digest.text() + "\"");
  }
}

TEST_CASE("HEAD has the headers of GET") {
  TestServer server;
  const auto image = server.tag("a:v1");
  for (const std::string& target : {std::string("/v2/"), std::string("/v2/a/manifests/v1"), "/v2/a/blobs/" + k_layer,
                                    std::string("/v2/a/tags/list"), std::string("/v2/b/manifests/v1")}) {
    const auto get = server.ask(target), head = server.ask(target, {}, "HEAD");
    CHECK(head.status == get.status);
    CHECK(head.headers == get.headers);
    CHECK(head.body.size() == get.body.size());
    CHECK(head.blob.has_value() == get.blob.has_value());
    if (head.blob) CHECK(head.blob->size_bytes == get.blob->size_bytes);
  }
}

TEST_CASE("Accept changes nothing: an index is an index") {
  TestServer server;
  const auto image = samples::put_image(server.layout());
  Index index{std::string(k_media_index), {image}, {}};
  const auto descriptor = samples::put(server.layout(), k_media_index, index.serialize());
  server.layout().set_tag("multi:latest", descriptor);
  const auto answer = server.ask("/v2/multi/manifests/latest", {{"Accept", std::string(k_media_manifest)}});
  CHECK(answer.find_header("Content-Type") == k_media_index);
  CHECK(answer.find_header("Docker-Content-Digest") == descriptor.digest.text());
  CHECK(server.ask("/v2/multi/manifests/" + image.digest.text()).status == 200);
  CHECK(sent(server.ask("/v2/multi/blobs/" + k_layer)) == "layer");
}

TEST_CASE("a blob is sent whole or in part") {
  TestServer server;
  server.tag("a:v1", "0123456789");
  const std::string target = "/v2/a/blobs/" + Digest::of("0123456789").text();
  const auto whole = server.ask(target);
  CHECK(whole.status == 200);
  CHECK(sent(whole) == "0123456789");
  CHECK(whole.find_header("Content-Type") == "application/octet-stream");
  CHECK(whole.find_header("Accept-Ranges") == "bytes");
  const auto part = server.ask(target, {{"Range", "bytes=3-5"}});
  CHECK(part.status == 206);
  CHECK(sent(part) == "345");
  CHECK(part.find_header("Content-Range") == "bytes 3-5/10");
  const auto beyond = server.ask(target, {{"Range", "bytes=10-"}});
  CHECK(refusal(beyond) == "416 UNSUPPORTED");
  CHECK(beyond.find_header("Content-Range") == "bytes */10");
}

TEST_CASE("what the client has already is not sent again") {
  TestServer server;
  const auto image = server.tag("a:v1");
  const auto manifest = server.ask("/v2/a/manifests/v1", {{"If-None-Match", "\"" + image.digest.text() + "\""}});
  CHECK(manifest.status == 304);
  CHECK(manifest.body.empty());
  CHECK(server.ask("/v2/a/blobs/" + k_layer, {{"If-None-Match", "\"" + k_layer + "\""}}).status == 304);
  CHECK(server.ask("/v2/a/manifests/v1", {{"If-None-Match", "\"" + k_layer + "\""}}).status == 200);
}

TEST_CASE("what is not there is refused with the code of the specification") {
  TestServer server;
  server.tag("a:v1");
  const std::string zeros = "sha256:" + samples::hex('0');
  CHECK(refusal(server.ask("/v2/b/manifests/v1")) == "404 NAME_UNKNOWN");
  CHECK(refusal(server.ask("/v2/b/tags/list")) == "404 NAME_UNKNOWN");
  CHECK(refusal(server.ask("/v2/a/manifests/v2")) == "404 MANIFEST_UNKNOWN");
  CHECK(refusal(server.ask("/v2/a/manifests/.INVALID_MANIFEST_NAME")) == "404 MANIFEST_UNKNOWN");
  CHECK(refusal(server.ask("/v2/a/manifests/" + zeros)) == "404 MANIFEST_UNKNOWN");
  CHECK(refusal(server.ask("/v2/a/blobs/" + zeros)) == "404 BLOB_UNKNOWN");
  CHECK(refusal(server.ask("/v2/a/manifests/sha256:../../../etc")) == "404 UNSUPPORTED");
  CHECK(refusal(server.ask("/v2/a/manifests/sha256:..%2f..%2fetc")) == "400 DIGEST_INVALID");
  CHECK(refusal(server.ask("/v2/a/blobs/sha512:" + samples::hex('0'))) == "400 DIGEST_INVALID");
  CHECK(refusal(server.ask("/v2/a/blobs/..%2f..%2findex.json")) == "400 DIGEST_INVALID");
  CHECK(refusal(server.ask("/v2/a/referrers/x")) == "400 DIGEST_INVALID");
  CHECK(refusal(server.ask("/v2/A/manifests/v1")) == "400 NAME_INVALID");
  CHECK(refusal(server.ask("/v2/../oci/manifests/v1")) == "400 NAME_INVALID");
  CHECK(refusal(server.ask("/v2/a%00/manifests/v1")) == "400 NAME_INVALID");
  CHECK(refusal(server.ask("/v2/a%/manifests/v1")) == "404 UNSUPPORTED");
}

TEST_CASE("whatever writes is refused") {
  TestServer server;
  server.tag("a:v1");
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", ""}) {
    const auto answer = server.ask("/v2/a/blobs/uploads/", {}, method);
    CHECK(refusal(answer) == "405 UNSUPPORTED");
    CHECK(answer.find_header("Allow") == "GET, HEAD");
  }
}

TEST_CASE("a repository gives away only what its own tags lead to") {
  TestServer server;
  server.tag("a:v1", "of a");
  const auto b = server.tag("b:v1", "of b");
  server.layout().put_blob("of nobody");
  CHECK(sent(server.ask("/v2/a/blobs/" + Digest::of("of a").text())) == "of a");
  CHECK(refusal(server.ask("/v2/a/blobs/" + Digest::of("of b").text())) == "404 BLOB_UNKNOWN");
  CHECK(refusal(server.ask("/v2/a/manifests/" + b.digest.text())) == "404 MANIFEST_UNKNOWN");
  CHECK(refusal(server.ask("/v2/a/blobs/" + Digest::of("of nobody").text())) == "404 BLOB_UNKNOWN");
}

TEST_CASE("tags that change while it runs are seen") {
  TestServer server;
  server.tag("a:v1", "one");
  CHECK(server.ask("/v2/a/manifests/v2").status == 404);
  server.tag("a:v2", "two");
  CHECK(server.ask("/v2/a/manifests/v2").status == 200);
  CHECK(sent(server.ask("/v2/a/blobs/" + Digest::of("two").text())) == "two");
  server.layout().remove_tag("a:v1");
  CHECK(server.ask("/v2/a/manifests/v1").status == 404);
  CHECK(server.ask("/v2/a/blobs/" + Digest::of("one").text()).status == 404);
}

TEST_CASE("lists come in pages, in order, with a link to the next") {
  TestServer server;
  for (const char* tag : {"b", "C", "a", "B", "10", "9"}) server.tag(std::string("x/y:") + tag);
  using Names = std::vector<std::string>;
  CHECK(server.json("/v2/x/y/tags/list") == jcb::util::Json({{"name", "x/y"}, {"tags", Names{"10", "9", "a", "B", "b", "C"}}}));
  const auto page = server.ask("/v2/x/y/tags/list?n=4");
  CHECK(page.find_header("Link") == "</v2/x/y/tags/list?n=4&last=B>; rel=\"next\"");
  CHECK(server.json("/v2/x/y/tags/list?n=4&last=B").at("tags") == Names{"b", "C"});
  CHECK_FALSE(server.ask("/v2/x/y/tags/list?n=4&last=B").find_header("Link").has_value());
  CHECK(server.json("/v2/x/y/tags/list?n=0").at("tags").empty());
  CHECK(server.json("/v2/x/y/tags/list?last=zzz").at("tags").empty());
  CHECK(refusal(server.ask("/v2/x/y/tags/list?n=-1")) == "400 PAGINATION_NUMBER_INVALID");
  server.tag("a:v1");
  CHECK(server.json("/v2/_catalog").at("repositories") == Names{"a", "x/y"});
  CHECK(server.ask("/v2/_catalog?n=1").find_header("Link") == "</v2/_catalog?n=1&last=a>; rel=\"next\"");
}

TEST_CASE("referrers are found, tagged or not, and filtered by type") {
  TestServer server;
  const auto image = server.tag("a:v1");
  const std::string target = "/v2/a/referrers/" + image.digest.text();
  CHECK(Index::parse(server.ask(target).body).manifests.empty());
  const auto signature = put_artifact(server.layout(), {"application/x-signature", image});
  const auto countersignature = put_artifact(server.layout(), {"application/x-signature", signature});
  server.layout().set_tag("", signature);
  server.layout().set_tag("", countersignature);
  server.layout().set_tag("a:sbom", put_artifact(server.layout(), {{}, image}));
  const auto answer = server.ask(target);
  CHECK(answer.find_header("Content-Type") == k_media_index);
  CHECK_FALSE(answer.find_header("OCI-Filters-Applied").has_value());
  CHECK(Index::parse(answer.body).manifests.size() == 2);
  const auto filtered = server.ask(target + "?artifactType=application/x-signature");
  CHECK(filtered.find_header("OCI-Filters-Applied") == "artifactType");
  const auto found = Index::parse(filtered.body).manifests;
  REQUIRE(found.size() == 1);
  CHECK(found[0].digest == signature.digest);
  CHECK(found[0].artifact_type == "application/x-signature");
  CHECK(found[0].annotations.at("k") == "v");
  CHECK(server.ask("/v2/a/manifests/" + countersignature.digest.text()).status == 200);
  CHECK(Index::parse(server.ask("/v2/a/referrers/" + signature.digest.text()).body).manifests.size() == 1);
}

TEST_CASE("a layer that was not kept is refused with what helps") {
  TestServer server;
  server.tag("a:v1");
  server.layout().remove_blob(Digest::of("layer"));
  for (const char* method : {"GET", "HEAD"}) {
    const auto answer = server.ask("/v2/a/blobs/" + k_layer, {}, method);
    CHECK(refusal(answer) == "404 BLOB_UNKNOWN");
    CHECK(answer.body.find("--keep-blobs") != std::string::npos);
  }
}

TEST_CASE("a layer that was not kept is got from elsewhere, but not for HEAD") {
  const jcb::util::TempDir directory(std::filesystem::temp_directory_path());
  jcb::util::write_file_atomically(directory.root(), "layer", "layer");
  int calls = 0;
  RegistryServerOptions options;
  options.find_missing = [&](const Descriptor& blob) -> std::optional<Fd> {
    ++calls;
    if (blob.digest != Digest::of("layer")) return std::nullopt;
    return directory.root().open_regular("layer");
  };
  TestServer server(std::move(options));
  server.tag("a:v1");
  server.layout().remove_blob(Digest::of("layer"));
  const auto head = server.ask("/v2/a/blobs/" + k_layer, {}, "HEAD");
  CHECK(head.status == 200);
  CHECK(head.blob->size_bytes == 5);
  CHECK(calls == 0);
  CHECK(sent(server.ask("/v2/a/blobs/" + k_layer, {{"Range", "bytes=1-2"}})) == "ay");
  CHECK(calls == 1);
  CHECK(server.ask("/v2/a/blobs/" + samples::hex('0')).status == 400);
  CHECK(server.ask("/v2/a/blobs/sha256:" + samples::hex('0')).status == 404);
  CHECK(calls == 1);
}

TEST_CASE("what cannot be had now is a bad gateway, and the operator learns why") {
  std::vector<std::string> told;
  RegistryServerOptions options;
  options.find_missing = [](const Descriptor&) -> std::optional<Fd> { throw jcb::Error(jcb::ErrorKind::not_found, "nvcr.io is gone"); };
  options.on_failure = [&](const std::string& cause) { told.push_back(cause); };
  TestServer server(std::move(options));
  server.tag("a:v1");
  server.layout().remove_blob(Digest::of("layer"));
  const auto answer = server.ask("/v2/a/blobs/" + k_layer);
  CHECK(refusal(answer) == "502 UNKNOWN");
  CHECK(answer.body.find("nvcr.io") == std::string::npos);
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("nvcr.io is gone") != std::string::npos);
}

TEST_CASE("a damaged blob or manifest is not given away") {
  TestServer server;
  const auto image = server.tag("a:v1");
  const auto damage = [&](const Digest& digest, const std::string& bytes) {
    jcb::util::write_file_atomically(server.layout().root().subroot(k_blob_directory), digest.hex(), bytes, 0644);
  };
  CHECK(server.ask("/v2/a/manifests/v1").status == 200);
  damage(Digest::of("layer"), "short");
  CHECK(sent(server.ask("/v2/a/blobs/" + k_layer)) == "short");  // the size is right; clients hash what they get
  damage(Digest::of("layer"), "longer than it was");
  CHECK(refusal(server.ask("/v2/a/blobs/" + k_layer)) == "500 UNKNOWN");
  damage(image.digest, std::string(image.size_bytes, 'x'));
  const auto answer = server.ask("/v2/a/manifests/v1");
  CHECK(refusal(answer) == "500 UNKNOWN");
  CHECK(answer.body.find("the layout") == std::string::npos);
}
