// SPDX-License-Identifier: Apache-2.0
#include "oci/server/listener.h"

#include "jcbuild/error.h"

#include <catch2/catch.hpp>

using namespace jcb::oci;

TEST_CASE("port 0 becomes a real one and the URL says which") {
  const Listener listener = open_listener("127.0.0.1:0");
  CHECK(listener.url.starts_with("http://127.0.0.1:"));
  CHECK_FALSE(listener.url.ends_with(":0"));
  CHECK(listener.is_loopback);
  CHECK(open_listener("localhost:0").url.starts_with("http://127.0.0.1:"));
}

TEST_CASE("what the network reaches is no loopback") {
  CHECK_FALSE(open_listener("0.0.0.0:0").is_loopback);
  CHECK(open_listener("127.3.2.1:0").is_loopback);
}

TEST_CASE("IPv6 stands in brackets") {
  try {
    CHECK(open_listener("[::1]:0").is_loopback);
    CHECK(open_listener("[::1]:0").url.starts_with("http://[::1]:"));
    CHECK_FALSE(open_listener("[::]:0").is_loopback);
  } catch (const jcb::Error& error) {
    WARN("no IPv6 here: " << error.message());
  }
}

TEST_CASE("a taken port is refused with a hint") {
  const Listener first = open_listener("127.0.0.1:0");
  try {
    open_listener(first.url.substr(7));
    FAIL("listened twice");
  } catch (const jcb::Error& error) {
    CHECK(error.kind() == jcb::ErrorKind::refused);
    CHECK(error.hint().find("--listen") != std::string::npos);
  }
}

TEST_CASE("anything but a numeric address and a port is a usage error") {
  for (const char* text : {"", "5000", ":5000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:http", "::1:5000",
                           "[::1]", "[127.0.0.1]:5000x", "example.org:5000", "1.2.3.4.5:1", "[]:1", "[zz::]:1"}) {
    INFO(text);
    try {
      open_listener(text);
      FAIL("taken");
    } catch (const jcb::Error& error) {
      CHECK(error.kind() == jcb::ErrorKind::usage);
    }
  }
}
