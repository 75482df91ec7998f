// SPDX-License-Identifier: Apache-2.0
#include "sandbox/id_map.h"

#include <catch2/catch.hpp>

using namespace jcb::sandbox;

TEST_CASE("subordinate ranges are found by name and by number") {
  const char* text = "a:100000:65536\nb:200000:10\n1001:300000:5\na:400000:7\n\na:bad:1\na:1:0\na:1\n# a:5:5\n";
  CHECK(parse_subordinate_ranges(text, "a", 1001) == std::vector<SubordinateRange>{{100000, 65536}, {300000, 5}, {400000, 7}});
  CHECK(parse_subordinate_ranges(text, "c", 7).empty());
  CHECK(parse_subordinate_ranges("a:4294967295:65536\na:0:10\n", "a", 1).empty());
}

TEST_CASE("the caller is 0 and all ranges follow one another") {
  CHECK(make_id_map(1001, {{100000, 65536}, {300000, 5}}) == std::vector<IdRange>{{0, 1001, 1}, {1, 100000, 65536}, {65537, 300000, 5}});
}

TEST_CASE("uid_map text becomes ranges, and the initial one is known") {
  CHECK(parse_id_map("         0       1001          1\n         1     100000      65536\n") ==
        std::vector<IdRange>{{0, 1001, 1}, {1, 100000, 65536}});
  CHECK(is_initial(parse_id_map("         0          0 4294967295\n")));
  CHECK_FALSE(is_initial(parse_id_map("0 1000 1")));
}
