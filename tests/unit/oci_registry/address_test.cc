// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/address.h"

#include <catch2/catch.hpp>

using namespace jcb;

TEST_CASE("metadata and link-local addresses are denied in every spelling [B20]") {
  for (const char* host : {"169.254.169.254", "169.254.0.1", "2852039166", "0xa9fea9fe", "0xa9.0xfe.43518", "0251.0376.0251.0376",
                           "fe80::1", "[fe80::1]", "[fe80::1%25eth0]", "[febf::1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]",
                           "[fd00:ec2::254]", "100.100.100.200", "168.63.129.16"}) {
    INFO(host);
    CHECK(oci::is_denied_literal(host));
    CHECK(oci::has_denied_address(host));
  }
}

TEST_CASE("other addresses and names are not denied") {
  for (const char* host : {"127.0.0.1", "10.0.0.1", "169.253.1.1", "169.255.1.1", "[::1]", "[fec0::1]", "[fd00::1]", "[::ffff:10.0.0.1]",
                           "8.8.8.8", "metadata.example", "fe80.example", ""}) {
    INFO(host);
    CHECK_FALSE(oci::is_denied_literal(host));
  }
}
