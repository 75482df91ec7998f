// SPDX-License-Identifier: Apache-2.0
#include "oci/reference.h"

#include "samples.h"

using jcb::ErrorKind;
using namespace jcb::oci;

namespace {

const std::string k_digest = "sha256:" + samples::hex('a');

std::string refusal(const std::string& text) {
  return samples::error_of(ErrorKind::usage, [&] { Reference::parse(text); });
}

bool mentions(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("references split into host, repository, tag and digest") {
  struct Row {
    std::string text, host, repository, tag;
    bool digest;
  };
  const std::vector<Row> rows{
      {"ubuntu", "", "ubuntu", "", false},
      {"ubuntu:22.04", "", "ubuntu", "22.04", false},
      {"library/ubuntu:22.04", "", "library/ubuntu", "22.04", false},
      {"host:5000", "", "host", "5000", false},
      {"host:5000/x", "host:5000", "x", "", false},
      {"localhost/x:y", "localhost", "x", "y", false},
      {"nvcr.io/nvidia/l4t-base:r36.2.0", "nvcr.io", "nvidia/l4t-base", "r36.2.0", false},
      {"Registry/x", "Registry", "x", "", false},
      {"[::1]:5000/a/b:c", "[::1]:5000", "a/b", "c", false},
      {"a--b/c__d/e.f/g_h", "", "a--b/c__d/e.f/g_h", "", false},
      {"x:_A.b-c@" + k_digest, "", "x", "_A.b-c", true},
      {"x.y/z@" + k_digest, "x.y", "z", "", true},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto reference = Reference::parse(row.text);
    CHECK(reference.host() == row.host);
    CHECK(reference.repository() == row.repository);
    CHECK(reference.tag() == row.tag);
    CHECK(reference.digest().has_value() == row.digest);
    CHECK(reference.text() == row.text);
    CHECK(Reference::parse(reference.text()) == reference);
  }
}

TEST_CASE("a registry's host is a name or an address, with or without a port") {
  for (const char* host : {"nvcr.io", "localhost", "internal", "a-b.c:5000", "[::1]", "[::1]:5000", "10.0.0.1:65535", "Upper.Case"}) {
    INFO(host);
    CHECK(is_registry_host(host));
  }
  for (const char* host :
       {"", ".", "..", "a..b", "a/b", "../x", "a.b:", "a:b", "a:65536", "a:1:2", "[::1", "[x]", "[::1]x", "-a", "a_b", "a b", "a\n"}) {
    INFO(host);
    CHECK_FALSE(is_registry_host(host));
  }
}

TEST_CASE("the store's name fills in latest and drops the digest") {
  CHECK(Reference::parse("a.b/x@" + k_digest).store_name() == "a.b/x:latest");
  CHECK(Reference::parse("x:1").store_name() == "x:1");
}

TEST_CASE("a refused reference says which part is wrong") {
  CHECK(mentions(refusal(""), "empty"));
  CHECK(mentions(refusal("Ubuntu"), "repository names are lower case"));
  CHECK(mentions(refusal("a.b/Ubuntu"), "lower case"));
  CHECK(mentions(refusal("x:"), "tag"));
  CHECK(mentions(refusal("x:-a"), "tag begins with '-'"));
  CHECK(mentions(refusal("x:a/b:c+d"), "'c+d'"));
  CHECK(mentions(refusal("x:" + std::string(129, 'a')), "128"));
  CHECK(mentions(refusal("a//b"), "empty"));
  CHECK(mentions(refusal("/a"), "empty"));
  CHECK(mentions(refusal("a/"), "empty"));
  CHECK(mentions(refusal("-a"), "separator"));
  CHECK(mentions(refusal("a_"), "separator"));
  CHECK(mentions(refusal("a..b"), "'..'"));
  CHECK(mentions(refusal("a___b"), "'___'"));
  CHECK(mentions(refusal("a.-b"), "'.-'"));
  CHECK(mentions(refusal("a b"), "character"));
  CHECK(mentions(refusal("../a"), "host name"));
  CHECK(mentions(refusal("host:port/x"), "port"));
  CHECK(mentions(refusal("host:65536/x"), "port"));
  CHECK(mentions(refusal("-h.x/y"), "host name"));
  CHECK(mentions(refusal("https://a.b/c"), "URL"));
  CHECK(mentions(refusal("x@sha256:12"), "64"));
  CHECK(mentions(refusal("x@md5:" + samples::hex('a')), "sha256"));
  CHECK(mentions(refusal(std::string(256, 'a')), "255"));
  CHECK(mentions(refusal(":tag"), "no repository"));
  CHECK_FALSE(mentions(refusal("a\x1b[31m"), "\x1b"));
}

TEST_CASE("image names choose their transport") {
  struct Row {
    std::string text;
    Transport transport;
    std::string path, tag;
  };
  const std::vector<Row> rows{
      {"oci:dir/x", Transport::oci_layout, "dir/x", ""},
      {"oci:dir:a:b", Transport::oci_layout, "dir", "a:b"},
      {"oci-archive:f.tar:v1", Transport::oci_archive, "f.tar", "v1"},
      {"docker-archive:f.tar:ubuntu:22.04", Transport::docker_archive, "f.tar", "ubuntu:22.04"},
      {"dir-rootfs:/tmp/a:b", Transport::rootfs_directory, "/tmp/a:b", ""},
      {"scratch", Transport::scratch, "", ""},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto name = ImageName::parse(row.text);
    CHECK(name.transport == row.transport);
    CHECK(name.path == row.path);
    CHECK(name.tag == row.tag);
    CHECK(name.text() == row.text);
  }
  CHECK(ImageName::parse("docker://a.b/c:d").reference->text() == "a.b/c:d");
  CHECK(ImageName::parse("docker://a.b/c:d").text() == "docker://a.b/c:d");
  CHECK(ImageName::parse("bootstrap:debian:bookworm").suite == "bookworm");
}

TEST_CASE("a word that is no transport is a repository of the store") {
  const auto name = ImageName::parse("docker:24-cli");
  CHECK(name.transport == Transport::store);
  CHECK(name.reference->tag() == "24-cli");
  CHECK(ImageName::parse(k_digest).reference->repository() == k_digest);
  CHECK(ImageName::parse("sha256:ab12").reference->repository() == "sha256:ab12");
  CHECK(ImageName::parse("ab12").reference->repository() == "ab12");
}

TEST_CASE("malformed image names are usage errors") {
  for (const char* text : {"", "oci:", "oci::tag", "oci:dir:", "oci:dir:a b", "docker://", "docker-archive:f:Bad",
                           "dir-rootfs:", "bootstrap:debian", "bootstrap:debian:../x", "bootstrap:a:b:c", "bootstrap:-x:y"}) {
    INFO(text);
    CHECK_FALSE(samples::error_of(ErrorKind::usage, [&] { ImageName::parse(text); }).empty());
  }
}
