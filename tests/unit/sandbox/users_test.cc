// SPDX-License-Identifier: Apache-2.0
#include "sandbox/users.h"

#include "jcbuild/error.h"
#include "util/file.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>

using namespace jcb;
using namespace jcb::sandbox;

namespace {

struct Fixture {
  util::TempDir top{"/tmp"};
  util::Root root{top.root()};
  Fixture() {
    root.make_dirs("etc");
    root.write_file("etc/passwd",
                    "root:x:0:0:root:/root:/bin/sh\n"
                    "broken:x:notanumber:0::/:/bin/sh\n"
                    "ros:x:1000:1001:,,,:/home/ros:/bin/bash\n"
                    "4242:x:0:0::/root:/bin/sh\n"
                    "far:x:4294967296:0::/:/bin/sh\n"
                    "nohome:x:7:8::relative:/bin/sh\n");
    root.write_file("etc/group", "root:x:0:\nvideo:x:44:ros,other\nros:x:1001:\nrender:x:109:other,ros\nbad:x:-3:ros\n");
  }
  UserEntry find(std::string_view text) const { return find_user(root, text); }
  ErrorKind fail(std::string_view text) const {
    try {
      find(text);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::usage;
  }
};

}  // namespace

TEST_CASE("a user name gives its ids, home and groups") {
  const auto user = Fixture().find("ros");
  CHECK(user.identity.uid == 1000);
  CHECK(user.identity.gid == 1001);
  CHECK(user.identity.groups == std::vector<std::uint32_t>{44, 109});
  CHECK(user.home == "/home/ros");
  CHECK(user.name == "ros");
}

TEST_CASE("a group given with a user replaces its groups") {
  const Fixture files;
  CHECK(files.find("ros:video").identity.gid == 44);
  CHECK(files.find("ros:video").identity.groups.empty());
  CHECK(files.find("ros:7").identity.gid == 7);
  CHECK(files.find(":44").identity.gid == 44);
}

TEST_CASE("an empty user is root") {
  CHECK(Fixture().find("").identity.uid == 0);
  CHECK(Fixture().find("").home == "/root");
}

TEST_CASE("a number need not be in passwd, and is never looked up as a name") {
  const Fixture files;
  CHECK(files.find("4242").identity.uid == 4242);
  CHECK(files.find("4242").name.empty());
  CHECK(files.find("1000").name == "ros");
  CHECK(files.find("2147483647:2147483647").identity.gid == 2147483647);
}

TEST_CASE("ids above 2^31-1 are refused") {
  const Fixture files;
  for (const char* text : {"2147483648", "4294967296", "18446744073709551616", "0:4294967295", "99999999999999999999999"})
    CHECK(files.fail(text) == ErrorKind::invalid);
}

TEST_CASE("unknown and malformed users are named errors") {
  const Fixture files;
  for (const char* text : {"nobody-here", "broken", "far", "ros:nogroup-here", "ros:bad", "-1", "+0"})
    CHECK(files.fail(text) == ErrorKind::not_found);
  CHECK(files.fail("a:b:c") == ErrorKind::invalid);
}

TEST_CASE("a home that is not absolute is the root directory") { CHECK(Fixture().find("nohome").home == "/"); }

TEST_CASE("a root without passwd still has numbers and root") {
  const util::TempDir top("/tmp");
  CHECK(find_user(top.root(), "5").identity.uid == 5);
  CHECK(find_user(top.root(), "").identity.uid == 0);
  CHECK_THROWS_AS(find_user(top.root(), "ros"), Error);
}

TEST_CASE("B12: a passwd that is a FIFO, a directory or too large is refused without waiting") {
  const util::TempDir top("/tmp");
  const auto root = top.root();
  root.make_dirs("etc");
  REQUIRE(::mkfifoat(root.fd(), "etc/passwd", 0600) == 0);
  CHECK_THROWS_AS(find_user(root, "ros"), Error);
  root.remove_tree("etc/passwd");
  root.make_dirs("etc/passwd");
  CHECK_THROWS_AS(find_user(root, "ros"), Error);
  root.remove_tree("etc/passwd");
  root.write_file("etc/passwd", std::string((1 << 20) + 1, 'x'));
  CHECK_THROWS_AS(find_user(root, "ros"), Error);
}

TEST_CASE("B12: a passwd link that points out of the root is resolved inside") {
  const util::TempDir top("/tmp");
  const auto root = top.root();
  root.make_dirs("etc");
  REQUIRE(::symlinkat("/../../../../etc/passwd", root.fd(), "etc/passwd") == 0);
  CHECK_THROWS_AS(find_user(root, "root-of-host"), Error);
}
