// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/header_fields.h"

#include <catch2/catch.hpp>

using namespace jcb::oci;

TEST_CASE("the target of a next link is found among others and through odd parameters") {
  CHECK(find_link("</v2/x/tags/list?n=2&last=b>; rel=\"next\"", "next") == "/v2/x/tags/list?n=2&last=b");
  CHECK(find_link("<a>; rel=prev, <b>;title=\"x, <c>; rel=next\"; REL=Next", "next") == "b");
  CHECK(find_link("<a>;rel=\"up next\"", "next") == "a");
  CHECK(find_link("<a>; rel=prev; rel=next", "next") == std::nullopt);
  for (const char* bad :
       {"", "a; rel=next", "<a; rel=next", "<a> rel=next", "<a>", "<a>; rel=\"next", "<a>; rel", ",<a>; rel=next", "<a>; anchor=next"}) {
    INFO(bad);
    CHECK(find_link(bad, "next") == std::nullopt);
  }
}

TEST_CASE("the range of an upload is a count from the first byte, or nothing") {
  CHECK(parse_received_range("0-0") == 1);
  CHECK(parse_received_range("0-1023") == 1024);
  CHECK(parse_received_range("bytes=0-9") == 10);
  for (const char* bad : {"", "0", "1-5", "0-", "-5", "0-x", "0--1", "0-18446744073709551615", "0-99999999999999999999", "bytes 5-9"}) {
    INFO(bad);
    CHECK(parse_received_range(bad) == std::nullopt);
  }
}

TEST_CASE("warnings of code 299 are read, others and torn ones are not") {
  CHECK(parse_warnings("299 - \"deprecated \\\"soon\\\", really\"") == std::vector<std::string>{"deprecated \"soon\", really"});
  CHECK(parse_warnings("110 - \"stale\", 299 host:5 \"a\" \"Tue, 15 Nov 1994 08:12:31 GMT\" , 299 - \"b\"") ==
        std::vector<std::string>{"a", "b"});
  CHECK(parse_warnings("299 - \"" + std::string(4097, 'x') + "\"").empty());
  for (const char* bad : {"", "299", "299 - x", "299 - \"x", ",,,", "\""}) {
    INFO(bad);
    CHECK(parse_warnings(bad).empty());
  }
}

TEST_CASE("a rate limit is a count for a time") {
  const auto limit = parse_rate_limit("76;w=21600");
  REQUIRE(limit);
  CHECK(limit->count == 76);
  CHECK(limit->period_seconds == 21600);
  CHECK(parse_rate_limit("5")->period_seconds == 0);
  CHECK_FALSE(parse_rate_limit("many;w=1"));
  CHECK_FALSE(parse_rate_limit("-1"));
}

TEST_CASE("a media type is compared without its parameters") {
  CHECK(bare_media_type("Application/JSON; charset=utf-8") == "application/json");
  CHECK(bare_media_type("").empty());
}
