// SPDX-License-Identifier: Apache-2.0
#include "util/text.h"

#include "jcbuild/error.h"
#include "util/hash.h"
#include "util/json.h"

#include <catch2/catch.hpp>

using namespace jcb::util;

TEST_CASE("escape_text shows what a terminal would obey") {
  CHECK(escape_text("a\x1b[31mb") == "a\\x1b[31mb");
  CHECK(escape_text("h\xc3\xa9 \xe2\x80\xae") == "h\xc3\xa9 \\u202e");
  CHECK(escape_text("\xff\xc0\x80") == "\\xff\\xc0\\x80");
  CHECK(escape_text("\xc2\x9b") == "\\u009b");
  CHECK(escape_text("a\nb") == "a\\x0ab");
  CHECK(escape_text("a\nb", true) == "a\nb");
}

TEST_CASE("globs match as fnmatch does") {
  CHECK(matches_glob("ros:*-base", "ros:humble-base"));
  CHECK(matches_glob("*a*b*", "xxaxxbxx"));
  CHECK_FALSE(matches_glob("*a*b*", "xxbxxaxx"));
  CHECK(matches_glob("[a-c]?[!x]", "bzy"));
  CHECK_FALSE(matches_glob("[a-c]?[!x]", "bzx"));
  CHECK(matches_glob("[", "["));
}

TEST_CASE("RFC 3339 times are read with offsets and fractions and written in UTC") {
  CHECK(parse_rfc3339("1970-01-01T00:00:01Z") == 1);
  CHECK(parse_rfc3339("2024-05-01T12:00:00.5+02:00") == parse_rfc3339("2024-05-01T10:00:00Z"));
  CHECK(format_rfc3339(parse_rfc3339("2024-02-29T23:59:59Z")) == "2024-02-29T23:59:59Z");
  CHECK_THROWS_AS(parse_rfc3339("yesterday"), jcb::Error);
}

TEST_CASE("the nearest names come first") {
  const std::vector<std::string> names{"pytorch", "torchvision", "python", "ros:noetic"};
  CHECK(nearest_names("pytroch", names).front() == "pytorch");
  CHECK(did_you_mean(nearest_names("ros", names)) == "did you mean ros:noetic?");
  CHECK(nearest_names("zzzzzz", names).empty());
}

TEST_CASE("JSON is refused before it can hurt") {
  CHECK_THROWS_AS(parse_json(std::string(100000, '['), "x"), jcb::Error);
  CHECK_THROWS_AS(parse_json(R"({"a":1,"a":2})", "x"), jcb::Error);
  CHECK_THROWS_AS(parse_json("{} x", "x"), jcb::Error);
  std::string wide = "{\"k\":0";
  for (int i = 0; i < 20000; ++i) wide += ",\"" + std::to_string(i) + "\":0";
  CHECK_THROWS_AS(parse_json(wide + "}", "x"), jcb::Error);
  CHECK_THROWS_AS(parse_json("\"\xff\"", "x"), jcb::Error);
  CHECK(to_text(parse_json(R"({"b":[1,null],"a":"x"})", "x")) == R"({"b":[1,null],"a":"x"})");
}

TEST_CASE("key fields cannot run into each other") {
  CHECK(Sha256().field("ab").field("c").hex() != Sha256().field("a").field("bc").hex());
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
