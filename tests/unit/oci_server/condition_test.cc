// SPDX-License-Identifier: Apache-2.0
#include "oci/server/condition.h"

#include <catch2/catch.hpp>

using namespace jcb::oci;

namespace {

const std::string k_tag = "\"sha256:x\"";

RangeChoice choose(const std::string& range, std::uint64_t size = 10) {
  return choose_range({"GET", "/", {{"Range", range}}}, k_tag, size);
}
RangeChoice part(std::uint64_t first, std::uint64_t count) { return {RangeKind::part, first, count}; }

}  // namespace

TEST_CASE("one range is a part") {
  CHECK(choose("bytes=0-0") == part(0, 1));
  CHECK(choose("bytes=2-5") == part(2, 4));
  CHECK(choose("Bytes=7-") == part(7, 3));
  CHECK(choose("bytes=-4") == part(6, 4));
  CHECK(choose("bytes=-40") == part(0, 10));
  CHECK(choose("bytes=5-99999999999999999999999999") == part(5, 5));
}

TEST_CASE("bytes behind the end are unsatisfiable") {
  for (const char* range : {"bytes=10-", "bytes=10-12", "bytes=99999999999999999999999999-", "bytes=-0"})
    CHECK(choose(range).kind == RangeKind::unsatisfiable);
  CHECK(choose("bytes=0-", 0).kind == RangeKind::unsatisfiable);
  CHECK(choose("bytes=-1", 0).kind == RangeKind::unsatisfiable);
}

TEST_CASE("what is no single range of bytes means the whole") {
  for (const char* range : {"", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=1-2,4-5", "bytes=1", "lines=1-2", "bytes 1-2",
                            "bytes=+1-2", "bytes=1-2x", "bytes=0x1-2"}) {
    INFO(range);
    CHECK(choose(range) == RangeChoice{RangeKind::whole, 0, 10});
  }
  CHECK(choose_range({"GET", "/", {}}, k_tag, 10) == RangeChoice{RangeKind::whole, 0, 10});
}

TEST_CASE("If-Range with another entity tag means the whole") {
  CHECK(choose_range({"GET", "/", {{"range", "bytes=1-2"}, {"if-range", k_tag}}}, k_tag, 10) == part(1, 2));
  CHECK(choose_range({"GET", "/", {{"range", "bytes=1-2"}, {"if-range", "\"other\""}}}, k_tag, 10).kind == RangeKind::whole);
}

TEST_CASE("If-None-Match is a list that is compared weakly") {
  const auto unchanged = [](const std::string& tags) { return is_unchanged({"GET", "/", {{"if-none-match", tags}}}, k_tag); };
  CHECK(unchanged("\"a\", W/\"sha256:x\""));
  CHECK(unchanged("*"));
  CHECK_FALSE(unchanged("\"sha256:y\""));
  CHECK_FALSE(unchanged(""));
  CHECK_FALSE(is_unchanged({"GET", "/", {}}, k_tag));
}
