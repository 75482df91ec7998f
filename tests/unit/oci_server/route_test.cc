// SPDX-License-Identifier: Apache-2.0
#include "oci/server/route.h"

#include "jcbuild/error.h"

#include <catch2/catch.hpp>

using namespace jcb::oci;

namespace {

std::string shape(std::string_view target) {
  const Route route = parse_route(target);
  static const char* const kinds[] = {"base", "catalog", "tags", "manifest", "blob", "referrers", "unknown"};
  return std::string(kinds[static_cast<int>(route.kind)]) + " " + route.name + " " + route.reference;
}

}  // namespace

TEST_CASE("the end of a path says what is asked for, so that names may hold the same words") {
  CHECK(shape("/v2/") == "base  ");
  CHECK(shape("/v2") == "base  ");
  CHECK(shape("/v2/_catalog") == "catalog  ");
  CHECK(shape("/v2/a/b/tags/list") == "tags a/b ");
  CHECK(shape("/v2/a/manifests/latest") == "manifest a latest");
  CHECK(shape("/v2/blobs/manifests/blobs/x") == "blob blobs/manifests x");
  CHECK(shape("/v2/tags/list/referrers/sha256:1") == "referrers tags/list sha256:1");
}

TEST_CASE("an absolute URL names what its path names") {
  CHECK(shape("http://board:5000/v2/a/tags/list?n=1") == "tags a ");
  CHECK(shape("http://board:5000") == "unknown  ");
}

TEST_CASE("other paths are unknown") {
  for (const char* target : {"", "/", "*", "/v1/", "/v2/a", "/v2/a/manifests", "/v2/manifests/x", "/v2/a/uploads/x", "v2/a/tags/list",
                             "/v2/a/tags/list/", "//v2/", "/V2/"}) {
    INFO(target);
    CHECK(parse_route(target).kind == RouteKind::unknown);
  }
}

TEST_CASE("an encoded slash separates nothing") {
  CHECK(shape("/v2/a/blobs/sha256%3Aab") == "blob a sha256:ab");
  const Route route = parse_route("/v2/..%2f..%2fetc/manifests/passwd");
  CHECK(route.name == "../../etc");
  CHECK_FALSE(is_repository_name("x/" + route.name));
  CHECK_THROWS_AS(parse_route("/v2/a%/tags/list"), jcb::Error);
  CHECK_THROWS_AS(parse_route("/v2/a/tags/list?n=%zz"), jcb::Error);
}

TEST_CASE("a query is decoded") {
  const Route route = parse_route("/v2/a/referrers/x?artifactType=application%2Fa%2Bb&n=1&flag&n=2");
  CHECK(route.query == std::map<std::string, std::string>{{"artifactType", "application/a+b"}, {"n", "1"}, {"flag", ""}});
}

TEST_CASE("names and tags are those of the specification") {
  for (const char* name : {"a", "library/ubuntu", "docker.io/a__b/c-d--e", "0/1.2"}) CHECK(is_repository_name(name));
  for (const char* name :
       {"", "/", "a/", "/a", "a//b", "..", "a/../b", "A", "a:b", "a@b", "a b", "-a", "a.", "a/%2e", "a\n", "localhost:5000/a"}) {
    INFO(name);
    CHECK_FALSE(is_repository_name(name));
  }
  CHECK_FALSE(is_repository_name(std::string(256, 'a')));
  CHECK(is_repository_name(std::string(255, 'a')));
  CHECK_FALSE(is_repository_name(std::string("a\0b", 3)));
  for (const char* tag : {"latest", "_x", "V1.2-3"}) CHECK(is_tag(tag));
  for (const char* tag : {"", ".x", "a/b", "a:b", "a@b", "a b", "../x"}) CHECK_FALSE(is_tag(tag));
}
