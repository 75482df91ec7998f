// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/challenge.h"

#include <catch2/catch.hpp>

#include "jcbuild/error.h"

using namespace jcb;
using oci::Challenge;
using oci::parse_challenges;

TEST_CASE("a registry's challenge is taken apart") {
  const auto challenges = parse_challenges(
      R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/x:pull,push",error="insufficient_scope")");
  REQUIRE(challenges.size() == 1);
  CHECK(challenges[0].scheme == "bearer");
  CHECK(challenges[0].find("realm") == "https://auth.docker.io/token");
  CHECK(challenges[0].find("scope") == "repository:library/x:pull,push");
  CHECK(challenges[0].find("error") == "insufficient_scope");
  CHECK_FALSE(challenges[0].find("other"));
}

TEST_CASE("several challenges come in one header or in many") {
  const auto one =
      parse_challenges(R"(Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple" , Negotiate abc==, ,Digest)");
  REQUIRE(one.size() == 4);
  CHECK(one[0].find("title") == "Login to \"apps\"");
  CHECK(one[1] == Challenge{"basic", "", {{"realm", "simple"}}});
  CHECK(one[2] == Challenge{"negotiate", "abc==", {}});
  CHECK(one[3] == Challenge{"digest", "", {}});
  const auto many = parse_challenges(
      oci::HttpHeaders{{"WWW-Authenticate", "Basic realm=a"}, {"X", "y"}, {"www-authenticate", "Bearer realm = b , c = d"}});
  REQUIRE(many.size() == 2);
  CHECK(many[1].find("realm") == "b");
  CHECK(many[1].find("c") == "d");
}

TEST_CASE("names of schemes and parameters compare without case, values do not") {
  const auto challenges = parse_challenges("BEARER ReAlM=\"X\"");
  CHECK(challenges.at(0) == Challenge{"bearer", "", {{"realm", "X"}}});
}

TEST_CASE("no challenge is no error") {
  CHECK(parse_challenges("").empty());
  CHECK(parse_challenges(" , ,").empty());
  CHECK(parse_challenges(oci::HttpHeaders{}).empty());
}

TEST_CASE("a malformed challenge is refused [fault 6]") {
  for (const std::string text :
       {"Bearer realm=\"unclosed", "Bearer realm=\"x\\", "Bearer realm=\"a\",realm=\"b\"", "Bearer realm=\"a\",REALM=\"b\"", "realm=\"a\"",
        "=x", "Bearer realm=\"a\" service=\"b\"", "Bearer realm=\"a\"x", "Basic Bearer realm=x", "Negotiate abc, x=y", "Bearer \x01",
        "\"quoted\"", "Bearer realm=https://h/t"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_challenges(text), Error);
  }
  CHECK_THROWS_AS(parse_challenges(std::string_view("Bearer realm=\"a\0b\"", 18)), Error);
  CHECK_THROWS_AS(parse_challenges("Bearer realm=\"a\nb\""), Error);
}

TEST_CASE("a challenge has limits [fault 6]") {
  CHECK_THROWS_AS(parse_challenges("Basic realm=\"" + std::string(64 << 10, 'x') + "\""), Error);
  std::string schemes, parameters = "Basic a=b";
  for (int i = 0; i < 100; ++i) {
    schemes += "Basic,";
    parameters += ",a" + std::to_string(i) + "=b";
  }
  CHECK(parse_challenges(schemes).size() == 100);
  CHECK_THROWS_AS(parse_challenges(schemes + "Basic"), Error);
  CHECK_THROWS_AS(parse_challenges(parameters), Error);
  CHECK_THROWS_AS(parse_challenges(oci::HttpHeaders{{"WWW-Authenticate", schemes}, {"WWW-Authenticate", "Basic"}}), Error);
}
