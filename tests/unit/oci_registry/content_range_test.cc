// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/content_range.h"

#include <catch2/catch.hpp>

using namespace jcb;

TEST_CASE("Content-Range says which bytes come") {
  const auto range = oci::parse_content_range("bytes 5-9/10");
  REQUIRE(range);
  CHECK(range->first == 5);
  CHECK(range->last == 9);
  CHECK(range->total == 10);
  CHECK_FALSE(oci::parse_content_range("Bytes 0-0/*")->total);
}

TEST_CASE("a Content-Range that contradicts itself is none") {
  for (const char* text :
       {"", "bytes", "bytes ", "bytes 5-9", "bytes 9-5/10", "bytes 5-10/10", "bytes -9/10", "bytes 5-/10", "bytes */10", "items 5-9/10",
        "bytes 5-9/", "bytes 5-9/x", "bytes +5-9/10", "bytes 5/10-9", "bytes 5-99999999999999999999999/*"}) {
    INFO(text);
    CHECK_FALSE(oci::parse_content_range(text));
  }
}
