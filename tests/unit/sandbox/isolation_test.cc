// SPDX-License-Identifier: Apache-2.0
#include "isolated.h"

#include "jcbuild/error.h"

#include <catch2/catch.hpp>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace jcb;
using namespace jcb::sandbox;

TEST_CASE("this machine lacks nothing for isolation") {
  for (const auto& missing : find_missing_pieces()) FAIL_CHECK(missing.what + ": " + missing.fix);
}

TEST_CASE("isolation is entered in place, once, and makes the caller uid 0") {
  const std::string caller = std::to_string(::getuid());
  const bool as_root = ::getuid() == 0;
  CHECK(isolated([] {
          const auto& first = enter_isolation();
          const bool same = &first == &enter_isolation();
          return std::string(same && is_isolated() ? "once " : "twice ") + std::to_string(::getuid()) + std::to_string(::getgid()) + " " +
                 std::to_string(first.caller_uid) + (first.tier == Tier::root ? " root" : " userns");
        }) == "once 00 " + caller + (as_root ? " root" : " userns"));
  CHECK_FALSE(is_isolated());
}

TEST_CASE("a mount made inside is not seen outside") {
  const util::TempDir top("/tmp");
  const std::string point = top.path();
  CHECK(isolated([&] {
          if (::mount("tmpfs", point.c_str(), "tmpfs", 0, nullptr) != 0) return std::string("no mount");
          util::Root::open(point).write_file("inside", "");
          return std::string("mounted");
        }) == "mounted");
  CHECK(top.root().list().empty());
}

TEST_CASE("files can be given to every id of an image") {
  if (!has_many_ids()) return;
  CHECK(isolated([] {
          const util::TempDir top("/tmp");
          top.root().write_file("f", "");
          if (::fchownat(top.root().fd(), "f", 65534, 65534, 0) != 0) return std::string("no chown");
          return std::to_string(top.root().find_stat("f")->st_uid);
        }) == "65534");
}

TEST_CASE("a mount or a job without isolation is refused") {
  const util::TempDir top("/tmp");
  const auto root = top.root();
  CHECK_THROWS_AS(OverlayMount({&root}, {}, {}, top.path()), Error);
  Job job;
  job.root = top.path();
  job.argv = {"true"};
  CHECK_THROWS_AS(run_job(job, [](std::string_view) {}), Error);
}
