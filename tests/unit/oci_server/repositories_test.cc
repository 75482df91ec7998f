// SPDX-License-Identifier: Apache-2.0
#include "oci/server/repositories.h"

#include "oci/blob_files.h"
#include "store.h"

using namespace jcb::oci;
using samples::TestLayout;
using Names = std::vector<std::string>;

namespace {

void tag(const TestLayout& test, const std::string& name) { test.layout.set_tag(name, samples::put_image(test.layout, "arm64", name)); }

}  // namespace

TEST_CASE("a name with a host is found with and without it") {
  const TestLayout test;
  tag(test, "docker.io/library/ubuntu:22.04");
  tag(test, "mine:latest");
  Repositories repositories(test.layout);
  CHECK(repositories.names() == Names{"docker.io/library/ubuntu", "mine"});
  REQUIRE(repositories.find("docker.io/library/ubuntu"));
  CHECK(repositories.find("library/ubuntu") == repositories.find("docker.io/library/ubuntu"));
  CHECK_FALSE(repositories.find("ubuntu"));
}

TEST_CASE("without the host an ambiguous name is nobody's, and one's own comes first") {
  const TestLayout test;
  tag(test, "docker.io/a/b:1");
  tag(test, "ghcr.io/a/b:2");
  Repositories repositories(test.layout);
  CHECK_FALSE(repositories.find("a/b"));
  tag(test, "a/b:3");
  REQUIRE(repositories.find("a/b"));
  CHECK(repositories.find("a/b")->tags.count("3") == 1);
  CHECK(repositories.find("ghcr.io/a/b")->tags.count("2") == 1);
}

TEST_CASE("a host with a port is no part of a repository's name, so it is served without") {
  const TestLayout test;
  tag(test, "localhost:5000/x:1");
  tag(test, "board:5000/y:1");
  tag(test, "other:5000/y:1");
  Repositories repositories(test.layout);
  CHECK(repositories.names() == Names{"x"});
  CHECK(repositories.find("x"));
  CHECK_FALSE(repositories.find("localhost:5000/x"));
}

TEST_CASE("the host of one repository cannot pose as another") {
  const TestLayout test;
  tag(test, "evil.example/ghcr.io/a:1");
  tag(test, "ghcr.io/a:2");
  Repositories repositories(test.layout);
  REQUIRE(repositories.find("ghcr.io/a"));
  CHECK(repositories.find("ghcr.io/a")->tags.count("2") == 1);
}

TEST_CASE("tags of other tools that are no image names are passed over") {
  const TestLayout test;
  const auto image = samples::put_image(test.layout);
  test.layout.set_tag("V1/../x", image);
  test.layout.set_tag("plain", image);
  Repositories repositories(test.layout);
  CHECK(repositories.names() == Names{"plain"});
  CHECK(repositories.find("plain")->tags.count("latest") == 1);
}

TEST_CASE("an index whose images come later gives them when they are there") {
  const TestLayout test, elsewhere;
  const auto image = samples::put_image(elsewhere.layout);
  const Index index{std::string(k_media_index), {image}, {}};
  test.layout.set_tag("a:1", samples::put(test.layout, k_media_index, index.serialize()));
  Repositories repositories(test.layout);
  CHECK(repositories.find("a")->blobs.empty());
  CHECK(repositories.find("a")->absent == std::vector<Digest>{image.digest});
  samples::put_image(test.layout);
  CHECK(repositories.find("a")->blobs.size() == 2);
  CHECK(repositories.find("a")->absent.empty());
}

TEST_CASE("indexes that hold each other end") {
  const TestLayout test;
  Descriptor inner = samples::put_image(test.layout);
  for (int depth = 0; depth < 6; ++depth) {
    const Index index{std::string(k_media_index), {inner, inner}, {{"depth", std::to_string(depth)}}};
    inner = samples::put(test.layout, k_media_index, index.serialize());
  }
  test.layout.set_tag("deep:1", inner);
  Repositories repositories(test.layout);
  CHECK(repositories.find("deep")->manifests.size() == 4);
}

TEST_CASE("a file that was written in place is read again") {
  const TestLayout test;
  tag(test, "a:1");
  Repositories repositories(test.layout);
  CHECK(repositories.names() == Names{"a"});
  test.layout.root().write_file(k_index_file, R"({"schemaVersion":2,"manifests":[]})");
  CHECK(repositories.names().empty());
  test.layout.root().write_file(k_index_file, "{");
  CHECK_THROWS_AS(repositories.names(), jcb::Error);
  CHECK_THROWS_AS(repositories.find("a"), jcb::Error);
}
