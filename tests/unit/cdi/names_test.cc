// SPDX-License-Identifier: Apache-2.0
#include "cdi/names.h"

#include <catch2/catch.hpp>

#include "jcbuild/error.h"

using namespace jcb::cdi;

TEST_CASE("vendors and classes begin with a letter and end with a letter or digit") {
  for (const char* good : {"a", "A", "nvidia.com", "v9", "a_b-c.d", "vendor1.com"}) CHECK(is_vendor_or_class(good));
  for (const char* bad : {"", "9a", ".a", "a.", "a-", "_a", "a/b", "a=b", "a b", "a:b", "\xc3\xa4", "a\n"})
    CHECK_FALSE(is_vendor_or_class(bad));
}

TEST_CASE("devices may begin with a digit and hold colons") {
  for (const char* good : {"0", "a", "all", "0:1", "GPU-1b2c", "a.b_c-d:e"}) CHECK(is_device_name(good));
  for (const char* bad : {"", ":a", "a:", "-", "*", "a/b", "a=b", "a b"}) CHECK_FALSE(is_device_name(bad));
}

TEST_CASE("a qualified name has a vendor, a class and a device; a path is none") {
  for (const char* good : {"nvidia.com/gpu=0", "a/b=c", "vendor1.com/net.nic=eth0:1"}) CHECK(is_qualified_name(good));
  for (const char* bad : {"", "gpu", "a/b", "a/b=", "a=b", "/dev/null", "/a/b=c", "a/b/c=d", "a/b=c=d", "a=b/c", "9/b=c", "a/9=c", "a/b=*"})
    CHECK_FALSE(is_qualified_name(bad));
}

TEST_CASE("a kind is a vendor and a class") {
  CHECK(parse_kind("nvidia.com/gpu", "x") == Kind{"nvidia.com", "gpu"});
  CHECK(parse_kind("nvidia.com/gpu", "x").text() == "nvidia.com/gpu");
  for (const char* bad : {"", "gpu", "/gpu", "nvidia.com/", "a/b/c", "a/b=c"})
    CHECK_THROWS_WITH(parse_kind(bad, "thing"), Catch::Contains("thing '" + std::string(bad) + "' is not VENDOR/CLASS"));
}
