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

TEST_CASE("private addresses are known in every spelling") {
  for (const char* host : {"127.0.0.1",
                           "127.1",
                           "0x7f.1",
                           "2130706433",
                           "0.0.0.0",
                           "10.1.2.3",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "100.64.0.1",
                           "100.127.255.255",
                           "169.254.1.1",
                           "[::1]",
                           "[::]",
                           "[fc00::1]",
                           "[fd12:3456::1]",
                           "[fe80::1]",
                           "[fec0::1]",
                           "[::ffff:10.0.0.1]",
                           "[64:ff9b::7f00:1]",
                           "[64:ff9b:1::c0a8:101]",
                           "[2002:a00:1::]",
                           "localhost",
                           "localhost.",
                           "x.localhost"}) {
    INFO(host);
    CHECK(oci::is_private_literal(host));
  }
  for (const char* host :
       {"8.8.8.8", "172.15.0.1", "172.32.0.1", "192.169.0.1", "100.63.0.1", "100.128.0.1", "11.0.0.1", "[2001:db8::1]", "[2606:4700::1111]",
        "[::ffff:8.8.8.8]", "[64:ff9b::808:808]", "[2002:808:808::]", "notlocalhost", "10.example"}) {
    INFO(host);
    CHECK_FALSE(oci::is_private_literal(host));
  }
}
