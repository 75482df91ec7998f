// SPDX-License-Identifier: Apache-2.0
#include "sandbox/mount_points.h"

#include "jcbuild/error.h"
#include "util/file.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace jcb;
using jcb::sandbox::MountPoints;

namespace {

struct Fixture {
  util::TempDir top{"/tmp"};
  Fixture() {
    const auto outer = top.root();
    outer.make_dirs("in/etc");
    outer.make_dirs("out");
    outer.write_file("in/etc/file", "x");
    link("../../../../out", "in/up");
    link("/etc", "in/abs");
    link("../run/resolve/stub", "in/etc/dangling");
    link("loop", "in/loop");
    const timespec times[2] = {{1000, 0}, {1000, 5}};
    REQUIRE(::utimensat(outer.fd(), "in/etc", times, 0) == 0);
  }
  void link(const char* target, const char* path) { REQUIRE(::symlinkat(target, top.root().fd(), path) == 0); }
  util::Root in() const { return top.root().subroot("in"); }
};

}  // namespace

TEST_CASE("mount targets resolve to link-free paths inside the root") {
  const Fixture tree;
  const MountPoints points(tree.in());
  CHECK(points.resolve("/abs/file") == "etc/file");
  CHECK(points.resolve("up/x/../y") == "out/y");
  CHECK(points.resolve("etc/dangling") == "run/resolve/stub");
  CHECK(points.resolve("../..//etc/./file") == "etc/file");
  CHECK(points.resolve("missing/../etc") == "etc");
  CHECK_THROWS_AS(points.resolve("loop/x"), Error);
}

TEST_CASE("a mount point that was made is gone afterwards, and its parent's time stamp is back") {
  const Fixture tree;
  {
    MountPoints points(tree.in());
    CHECK(points.find_or_make("/etc/new/deep/file", false) == "etc/new/deep/file");
    CHECK(points.find_or_make("up/dir", true) == "out/dir");
    CHECK(S_ISREG(tree.in().find_stat("etc/new/deep/file")->st_mode));
    CHECK((tree.in().find_stat("etc/new")->st_mode & 07777) == 0755);
  }
  CHECK_FALSE(tree.in().find_stat("etc/new"));
  CHECK_FALSE(tree.in().find_stat("out"));
  CHECK(tree.top.root().list("out").empty());
  CHECK(tree.in().find_stat("etc")->st_mtim.tv_sec == 1000);
  CHECK(tree.in().find_stat("etc")->st_mtim.tv_nsec == 5);
}

TEST_CASE("what the job put into a made directory stays, with the time of that") {
  const Fixture tree;
  {
    MountPoints points(tree.in());
    points.find_or_make("etc/new/mount", true);
    tree.in().write_file("etc/new/kept", "content");
    tree.in().write_file("etc/other", "");
  }
  CHECK(tree.in().read_file("etc/new/kept", 10) == "content");
  CHECK_FALSE(tree.in().find_stat("etc/new/mount"));
  CHECK(tree.in().find_stat("etc")->st_mtim.tv_sec > 1000);
}

TEST_CASE("a file put in the place of a made one is not removed") {
  const Fixture tree;
  {
    MountPoints points(tree.in());
    points.find_or_make("etc/new", false);
    tree.in().write_file("etc/replacement", "");
    REQUIRE(::renameat(tree.in().fd(), "etc/replacement", tree.in().fd(), "etc/new") == 0);
  }
  CHECK(tree.in().find_stat("etc/new"));
}

TEST_CASE("a mount point of the wrong type is refused") {
  const Fixture tree;
  MountPoints points(tree.in());
  CHECK_THROWS_AS(points.find_or_make("etc", false), Error);
  CHECK_THROWS_AS(points.find_or_make("etc/file", true), Error);
  CHECK_THROWS_AS(points.find_or_make("etc/file/below", false), Error);
  CHECK_THROWS_AS(points.find_or_make("/", true), Error);
  CHECK_THROWS_AS(points.find_or_make("etc/..", true), Error);
}

TEST_CASE("a top directory that is a link is refused, a missing one is made for the run") {
  const Fixture tree;
  {
    MountPoints points(tree.in());
    CHECK_THROWS_AS(points.require_directory("abs"), Error);
    CHECK(points.require_directory("dev") == "dev");
    CHECK(tree.in().find_stat("dev"));
  }
  CHECK_FALSE(tree.in().find_stat("dev"));
}
