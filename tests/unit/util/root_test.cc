// SPDX-License-Identifier: Apache-2.0
#include "util/root.h"

#include "jcbuild/error.h"
#include "util/beneath.h"
#include "util/file.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

using jcb::Error;
using namespace jcb::util;

namespace {

// A tree with an outside, an inside, and links that try to get from one to the other.
struct Fixture {
  TempDir top{std::filesystem::temp_directory_path()};
  Fixture() {
    const Root outer = top.root();
    outer.make_dirs("in/dir/sub");
    outer.make_dirs("out");
    outer.write_file("out/secret", "outside");
    outer.write_file("secret", "outside");
    outer.write_file("in/file", "inside");
    outer.write_file("in/secret", "inside");
    symlink("/", "abs-root");
    symlink("/dir", "abs-dir");
    symlink("../../..", "up");
    symlink("../secret", "escape");
    symlink("loop", "loop");
    symlink("dir/sub", "ok");
  }
  void symlink(const char* target, const char* name) { REQUIRE(::symlinkat(target, Root::open(top.path() / "in").fd(), name) == 0); }
  Root in() const { return Root::open(top.path() / "in"); }
};

std::string resolved(int (*resolver)(int, std::string_view, int, mode_t), const Root& root, const char* path) {
  const Fd fd(resolver(root.fd(), path, O_PATH, 0));
  if (!fd) return "error " + std::to_string(errno);
  return std::filesystem::read_symlink(fd.proc_path()).native();
}

}  // namespace

TEST_CASE("no link or dot-dot leads out of a root") {
  const Fixture tree;
  const Root in = tree.in();
  CHECK(in.read_file("escape", 100) == "inside");
  CHECK(in.read_file("up/up/file", 100) == "inside");
  CHECK(in.read_file("/abs-root/file", 100) == "inside");
  CHECK(in.read_file("../../file", 100) == "inside");
}

TEST_CASE("the walk resolves every path as openat2 does") {
  const Fixture tree;
  const Root in = tree.in();
  for (const char* path : {"file",        "dir",
                           "dir/sub",     "dir/sub/",
                           "file/",       "file/x",
                           "abs-dir/sub", "abs-root/abs-root/dir",
                           "up",          "up/dir/../file",
                           "escape",      "loop",
                           "loop/x",      "ok/..",
                           "ok",          "ok/../../file",
                           ".",           "..",
                           "/",           "//dir//sub",
                           "missing",     "missing/x",
                           "dir/.",       "dir/missing/.."}) {
    INFO(path);
    CHECK(resolved(open_beneath_by_walk, in, path) == resolved(open_beneath, in, path));
  }
}

TEST_CASE("make_dirs follows links inside the root and refuses files") {
  const Fixture tree;
  const Root in = tree.in();
  in.make_dirs("abs-dir/new/deep");
  CHECK(in.find_stat("dir/new/deep").has_value());
  CHECK_THROWS_AS(in.make_dirs("file/x"), Error);
}

TEST_CASE("a FIFO is refused without blocking") {
  const Fixture tree;
  REQUIRE(::mkfifoat(tree.in().fd(), "pipe", 0600) == 0);
  CHECK_THROWS_AS(tree.in().read_file("pipe", 10), Error);
}

TEST_CASE("remove_tree removes deep and unreadable trees but follows nothing") {
  const Fixture tree;
  const Root in = tree.in();
  const Root outer = tree.top.root();
  Root deep = in.duplicate();
  for (int i = 0; i < 3000; ++i) {
    REQUIRE(::mkdirat(deep.fd(), "d", 0700) == 0);
    deep = deep.subroot("d");
  }
  REQUIRE(::symlinkat(tree.top.path().c_str(), deep.fd(), "host") == 0);
  in.make_dirs("closed/x/y");
  in.write_file("closed/x/y/f", "");
  REQUIRE(::fchmodat(in.fd(), "closed/x/y", 0, 0) == 0);
  REQUIRE(::fchmodat(in.fd(), "closed/x", 0500, 0) == 0);
  outer.remove_tree("in");
  CHECK_FALSE(outer.find_stat("in"));
  CHECK(outer.read_file("out/secret", 100) == "outside");
}

TEST_CASE("an uncommitted AtomicFile leaves nothing") {
  const TempDir top(std::filesystem::temp_directory_path());
  { AtomicFile(top.root(), "name").write("x"); }
  CHECK(top.root().list().empty());
  write_file_atomically(top.root(), "name", "y");
  CHECK(top.root().read_file("name", 10) == "y");
  CHECK(top.root().list().size() == 1);
}
