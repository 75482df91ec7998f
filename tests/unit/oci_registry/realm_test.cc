// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/realm.h"

#include <catch2/catch.hpp>

#include "oci/registry/scope.h"

using namespace jcb;
using oci::is_same_site;

TEST_CASE("a site is a host, or what shares its last two labels") {
  CHECK(is_same_site("registry.example.com", "gitlab.example.com"));
  CHECK(is_same_site("registry.gitlab.com", "gitlab.com"));
  CHECK(is_same_site("registry-1.docker.io", "auth.docker.io"));
  CHECK(is_same_site("Quay.IO", "quay.io."));
  CHECK(is_same_site("localhost", "localhost"));
  CHECK(is_same_site("127.0.0.1", "127.0.0.1"));
  CHECK_FALSE(is_same_site("example.com", "example.org"));
  CHECK_FALSE(is_same_site("example.com", "evilexample.com"));
}

TEST_CASE("where everybody can have a name, hosts must be the same [realm on unrelated public host]") {
  CHECK_FALSE(is_same_site("a.co.uk", "b.co.uk"));
  CHECK_FALSE(is_same_site("x.a.com.au", "y.b.com.au"));
  CHECK_FALSE(is_same_site("mine.azurecr.io", "evil.azurecr.io"));
  CHECK_FALSE(is_same_site("1.dkr.ecr.us-east-1.amazonaws.com", "evil.s3.amazonaws.com"));
  CHECK_FALSE(is_same_site("a.github.io", "github.io"));
  CHECK_FALSE(is_same_site("10.0.0.1", "11.0.0.1"));
  CHECK_FALSE(is_same_site("192.168.0.1", "10.1.0.1"));
  CHECK_FALSE(is_same_site("[fd00::1]", "[fd00::2]"));
  CHECK_FALSE(is_same_site("a.localhost", "b.localhost"));
  CHECK_FALSE(is_same_site("localhost", "registry"));
  CHECK_FALSE(is_same_site("com", "com.com"));
  CHECK_FALSE(is_same_site("", "a"));
}

TEST_CASE("credentials go to a realm that is known to belong to the registry, or was recorded at login") {
  const auto may = [](const char* registry, const char* origin, const char* realm, const char* recorded) {
    return oci::may_send_credentials({registry, oci::HttpUrl::parse(origin), oci::HttpUrl::parse(realm), recorded});
  };
  CHECK(may("docker.io", "https://registry-1.docker.io/", "https://auth.docker.io/token", ""));
  CHECK(may("nvcr.io", "https://nvcr.io/", "https://authn.nvidia.com/token", ""));
  CHECK_FALSE(may("other.io", "https://other.io/", "https://authn.nvidia.com/token", ""));
  CHECK(may("r.example", "https://r.example/", "https://login.test/t", "https://login.test/t"));
  CHECK_FALSE(may("r.example", "https://r.example/", "https://login.test/t", "https://login.test/other"));
  CHECK_FALSE(may("r.example", "https://r.example/", "http://login.test/t", "https://login.test/t"));
}

TEST_CASE("scopes cover each other by name and action") {
  const std::vector<std::string> scopes{"repository:h:5000/a:pull,push", "registry:catalog:*"};
  CHECK(oci::covers_scope(scopes, "repository:h:5000/a:pull"));
  CHECK(oci::covers_scope(scopes, "repository:h:5000/a:push,pull"));
  CHECK(oci::covers_scope(scopes, "registry:catalog:list"));
  CHECK_FALSE(oci::covers_scope(scopes, "repository:h:5000/a:delete"));
  CHECK_FALSE(oci::covers_scope(scopes, "repository:b:pull"));
  CHECK_FALSE(oci::covers_scope({}, "aws"));
  CHECK(oci::merge_scopes({"repository:a:pull"}, {"repository:a:pull", "repository:b:pull"}) ==
        std::vector<std::string>{"repository:a:pull", "repository:b:pull"});
  CHECK(oci::split_scopes(" a  b ") == std::vector<std::string>{"a", "b"});
  CHECK(oci::split_scopes("a b c d e f g h i j k l").size() == 10);
}
