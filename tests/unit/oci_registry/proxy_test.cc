// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/proxy.h"

#include <catch2/catch.hpp>

using namespace jcb;
using oci::HttpUrl;

namespace {

bool is_direct(const std::string& none, const std::string& url) {
  return oci::find_proxy({"http://p", "http://s", none}, HttpUrl::parse(url)).empty();
}

}  // namespace

TEST_CASE("the proxy is the scheme's") {
  CHECK(oci::find_proxy({"http://p", "http://s", ""}, HttpUrl::parse("http://h/")) == "http://p");
  CHECK(oci::find_proxy({"http://p", "http://s", ""}, HttpUrl::parse("https://h/")) == "http://s");
}

TEST_CASE("localhost and loopback addresses are reached directly") {
  for (const char* url :
       {"http://localhost:5000/", "http://127.0.0.1/", "https://127.1.2.3:1/", "http://[::1]:5000/", "http://a.localhost/"})
    CHECK(is_direct("", url));
  CHECK_FALSE(is_direct("", "http://10.0.0.1/"));
}

TEST_CASE("no_proxy lists names, addresses, networks and ports") {
  CHECK(is_direct("*", "http://h/"));
  CHECK(is_direct("a.example, b.example", "http://b.example/"));
  CHECK(is_direct("Example", "http://x.example/"));
  CHECK(is_direct(".example", "http://x.example/"));
  CHECK(is_direct("*.example", "http://x.example/"));
  CHECK(is_direct("10.0.0.0/8", "http://10.1.2.3:5000/"));
  CHECK(is_direct("fd00::/8", "http://[fd12::1]/"));
  CHECK(is_direct("fd12::1", "http://[fd12::1]/"));
  CHECK(is_direct("[fd12::1]:5000", "http://[fd12::1]:5000/"));
  CHECK(is_direct("h:5000", "http://h:5000/"));
  CHECK_FALSE(is_direct("h:5000", "http://h/"));
  CHECK_FALSE(is_direct("ample", "http://x.example/"));
  CHECK_FALSE(is_direct("10.0.0.0/8", "http://11.1.2.3/"));
  CHECK_FALSE(is_direct("10.0.0.0/99,/8,10.0.0.0/,.,,:", "http://10.1.2.3/"));
  CHECK_FALSE(is_direct("fd00::/8", "http://10.1.2.3/"));
}
