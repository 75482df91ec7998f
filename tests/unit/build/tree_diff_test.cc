// SPDX-License-Identifier: Apache-2.0
// What is found by comparing is what overlayfs leaves: the same script, run on both, gives the same layer.
#include "build/tree_diff.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "build/capture.h"
#include "build/copied_rootfs.h"
#include "build/tree_apply.h"
#include "isolated.h"
#include "jcbuild/error.h"
#include "oci/layer/layer.h"
#include "util/child.h"
#include "util/file.h"

using namespace jcb;
using namespace jcb::build;

namespace {

bool can_test() {
  if (::geteuid() == 0 && sandbox::find_missing_pieces().empty()) return true;
  WARN("skipped: needs root");
  return false;
}

constexpr const char* k_base = R"(
mkdir -p a/b c tree/sub/deep; echo one > a/one; echo two > a/two; echo deep > a/b/deep; ln a/one a/hard; ln -s one a/soft
echo x > c/x; chmod 600 c/x; chown 5:6 c/x; mkfifo c/pipe; ln -s nowhere c/dangling; echo s > tree/s; echo t > tree/sub/t
find . -exec touch -h -d @1000000000 {} +
)";

void run_script(const std::filesystem::path& directory, const std::string& text) {
  const auto result = util::run_captured({"/bin/sh", {"-ec", text}, {"PATH=/usr/bin:/bin", "LC_ALL=C"}, directory});
  if (!result.status.success()) throw Error(ErrorKind::failed, "script: " + result.err);
}

// The layer, with what is the clock's taken out.
std::string layer_of(const util::Root& upper, const timespec& started, oci::OverlayXattr xattr) {
  capture(upper, started, 1, plain_rules());
  std::string tar;
  oci::write_layer_tar(upper, xattr, [&](std::string_view bytes) { tar += bytes; });
  return tar;
}

std::string by_overlay(const std::string& script) {
  return isolated([&] {
    ::umask(022);
    const util::TempDir top("/tmp");
    for (const char* name : {"lower", "upper", "work", "merged"}) top.root().make_dirs(name);
    run_script(top.path() / "lower", k_base);
    const timespec started = step_clock();
    {
      const util::Root lower = top.root().subroot("lower");
      const sandbox::OverlayMount mount({&lower}, top.path() / "upper", top.path() / "work", top.path() / "merged");
      run_script(mount.path(), script);
    }
    return layer_of(top.root().subroot("upper"), started, oci::OverlayXattr::trusted);
  });
}

bool same_file(const util::Root& a, const util::Root& b, const std::string& path) {
  return a.read_file(path, 1 << 20) == b.read_file(path, 1 << 20);
}

std::string by_comparison(const std::string& script) {
  return in_child(
      [&] {
        ::umask(022);
        const util::TempDir top("/tmp");
        for (const char* name : {"lower", "upper", "copy"}) top.root().make_dirs(name);
        run_script(top.path() / "lower", k_base);
        const util::Root lower = top.root().subroot("lower"), copy = top.root().subroot("copy"), upper = top.root().subroot("upper");
        apply_tree(lower, copy);
        const auto index = TreeIndex::read(copy);
        util::wait_for_clock_tick();
        const timespec started = step_clock();
        run_script(top.path() / "copy", script);
        write_difference(index, copy, upper, {{}, [&](const std::string& path) { return same_file(lower, copy, path); }});
        return layer_of(upper, started, oci::OverlayXattr::user);
      },
      [] {});
}

// The names in a tar, for a message that people can read.
std::string names(const std::string& tar) {
  const util::TempDir top("/tmp");
  top.root().write_file("tar", tar);
  return util::run_captured({"/bin/tar", {"--numeric-owner", "--full-time", "-tvf", (top.path() / "tar").native()}, {"TZ=UTC"}, "/"}).out;
}

void check_same(const std::string& script) {
  INFO(script);
  const std::string overlay = by_overlay(script), comparison = by_comparison(script);
  CHECK(names(comparison) == names(overlay));
  CHECK(comparison == overlay);
}

}  // namespace

TEST_CASE("nothing changed is no layer, whatever was read", "[kernel]") {
  if (!can_test()) return;
  check_same("cat a/one > /dev/null; find . > /dev/null");
}

TEST_CASE("new and changed files are found", "[kernel]") {
  if (!can_test()) return;
  check_same("echo new > a/new; mkdir -p n/e/w; echo f > n/e/w/f; ln -s x n/link; mkfifo n/pipe; mknod n/null c 1 3");
  check_same("echo more >> a/two");
  check_same("touch -d @1000000000 a/ref; echo TWO > a/two; touch -r a/ref a/two; rm a/ref");  // same size, same time
  check_same("echo other > a/other; mv a/other a/two");
  check_same("truncate -s 100000 c/x");
}

TEST_CASE("changes of metadata alone are found", "[kernel]") {
  if (!can_test()) return;
  check_same("chmod 4755 a/two; chmod 700 tree/sub; chmod 644 a/b/deep");
  check_same("chown 7:8 a/two a/b; chown -h 9 a/soft; chown 0:0 a/b/deep");
  check_same("touch -d @5 a/two tree; touch -h -d @6 c/dangling");
  check_same("touch a/fleeting; rm a/fleeting");
}

TEST_CASE("what is gone becomes a whiteout", "[kernel]") {
  if (!can_test()) return;
  check_same("rm a/two c/pipe c/dangling");
  check_same("rm -r tree a/b");
  check_same("mv a/two c/two; mv tree/sub c/sub");
}

TEST_CASE("something else in the place of what was there is found", "[kernel]") {
  if (!can_test()) return;
  check_same("rm -r tree; echo file > tree");
  check_same("rm a/two; mkdir a/two; echo in > a/two/in");
  check_same("rm -r tree; mkdir tree; echo n > tree/s");
  check_same("rm -r tree; mkdir -p tree/sub; echo t > tree/sub/t");
  check_same("rm -r tree/sub; mkdir -p tree/sub/deep/er; echo t > tree/sub/deep/er/t; rm tree/s; ln -s sub tree/s");
  check_same("ln -sfn two a/soft; rm c/dangling; echo now > c/dangling; rm c/pipe; mkdir c/pipe");
}

TEST_CASE("names of hard links are found", "[kernel]") {
  if (!can_test()) return;
  check_same("ln c/x c/y; ln a/two tree/two");
  check_same("rm a/hard");
  check_same("ln a/hard a/third");
  check_same("echo n > n1; ln n1 n2; ln n1 a/n3");
  check_same("echo new > a/n; mv a/n a/one");
}

TEST_CASE("extended attributes of files and directories are found", "[kernel]") {
  if (!can_test()) return;
  const util::TempDir top("/tmp");
  for (const char* name : {"copy/d", "upper"}) top.root().make_dirs(name);
  top.root().write_file("copy/f", "content");
  const util::Root copy = top.root().subroot("copy"), upper = top.root().subroot("upper");
  const auto index = TreeIndex::read(copy);
  util::wait_for_clock_tick();
  for (const char* name : {"f", "d"}) REQUIRE(::fsetxattr(copy.open_at(name, O_RDONLY).get(), "user.x", "y", 1, 0) == 0);
  const auto changes = write_difference(index, copy, upper, {});
  REQUIRE(changes.size() == 2);
  for (const char* name : {"f", "d"}) {
    char value = 0;
    CHECK(::fgetxattr(upper.open_at(name, O_RDONLY).get(), "user.x", &value, 1) == 1);
  }
}

TEST_CASE("what only the set-up of a job disturbed is no change", "[kernel]") {
  const util::TempDir top("/tmp");
  for (const char* name : {"copy/d", "upper"}) top.root().make_dirs(name);
  const util::Root copy = top.root().subroot("copy"), upper = top.root().subroot("upper");
  const auto index = TreeIndex::read(copy);
  const auto before = *copy.find_stat("d");
  util::wait_for_clock_tick();
  REQUIRE(::fchmod(copy.open_at("d", O_RDONLY).get(), before.st_mode & 07777) == 0);
  const auto after = *copy.find_stat("d");
  CHECK(write_difference(index, copy, upper, {{{after.st_dev, after.st_ino, before.st_ctim, after.st_ctim}}, {}}).empty());
  CHECK(write_difference(index, copy, upper, {}).size() == 1);
}

TEST_CASE("an index of half a million files stays below 100 MiB") { CHECK(sizeof(TreeIndex::Entry) <= 120); }

TEST_CASE("layers are laid on each other as overlayfs does", "[kernel]") {
  if (!can_test()) return;
  const auto script = "rm a/two; rm -r tree; mkdir tree; echo n > tree/n; ln a/hard a/third; chmod 700 a/b; mv c/x x; ln -sfn b a/soft";
  const auto merged = isolated([&] {
    ::umask(022);
    const util::TempDir top("/tmp");
    for (const char* name : {"lower", "upper", "work", "merged", "copy"}) top.root().make_dirs(name);
    run_script(top.path() / "lower", k_base);
    const util::Root lower = top.root().subroot("lower"), copy = top.root().subroot("copy"), upper = top.root().subroot("upper");
    std::string wanted, got;
    const sandbox::OverlayMount mount({&lower}, top.path() / "upper", top.path() / "work", top.path() / "merged");
    run_script(mount.path(), script);
    oci::write_layer_tar(mount.root(), oci::OverlayXattr::trusted, [&](std::string_view bytes) { wanted += bytes; });
    // The mark that this tier reads.
    if (::fsetxattr(upper.open_at("tree", O_RDONLY).get(), "user.overlay.opaque", "y", 1, 0) != 0) throw_errno("mark", "tree");
    apply_tree(lower, copy);
    apply_tree(upper, copy);
    oci::write_layer_tar(copy, oci::OverlayXattr::user, [&](std::string_view bytes) { got += bytes; });
    return got == wanted ? "same" : "wanted:\n" + names(wanted) + "got:\n" + names(got);
  });
  CHECK(merged == "same");
}

namespace {

// A store with a base, and copies of it.
struct Copies {
  util::TempDir top{"/tmp"};
  store::Store store = store::Store::open(top.path() / "store");
  store::Workspace workspace = store.make_workspace();
  CopiedTrees copies{store};

  Copies() {
    const auto base = workspace.make_directory("base");
    run_script(base, k_base);
    store.publish_tree(base, "base");
  }
  // Runs a step and publishes it under a name; the path that it ran in.
  std::filesystem::path step(const std::vector<std::string>& trees, const std::string& script, const std::string& name,
                             const CaptureRules& rules = plain_rules()) {
    CopiedRootfs rootfs(store, copies, trees);
    const timespec started = step_clock();
    run_script(rootfs.path(), script);
    const auto upper = workspace.make_directory("upper");
    rootfs.finish(util::Root::open(upper));
    capture(util::Root::open(upper), started, 1000, rules);
    const auto path = rootfs.path();
    store.publish_tree(upper, name);
    rootfs.kept_as(name);
    return path;
  }
  // What a fresh copy of a stack would be, and what the kept one is, as tars.
  bool is_like_a_fresh_copy(const std::vector<std::string>& trees) {
    CopiedTrees others(store);
    const CopiedRootfs kept(store, copies, trees), fresh(store, others, trees);
    return tar(kept.path()) == tar(fresh.path());
  }
  static std::string tar(const std::filesystem::path& path) {
    std::string text;
    oci::write_layer_tar(util::Root::open(path), oci::OverlayXattr::user, [&](std::string_view bytes) { text += bytes; });
    return text;
  }
};

}  // namespace

TEST_CASE("the next step of a chain goes on in the same directory, with the times of the layer", "[kernel]") {
  if (!can_test()) return;
  Copies copies;
  const auto first = copies.step({"base"}, "echo 1 > a/new; rm a/two; rm -r tree; mkdir tree", "one");
  CHECK(copies.step({"base", "one"}, "echo 2 >> a/new; chmod 700 c", "two") == first);
  CHECK(copies.step({"base", "one", "two"}, "true", "three") == first);
  CHECK(copies.step({"base"}, "true", "other") != first);
  CHECK(copies.is_like_a_fresh_copy({"base", "one", "two", "three"}));
}

TEST_CASE("a kept copy is brought up to a stack that goes on without it", "[kernel]") {
  if (!can_test()) return;
  Copies copies;
  copies.step({"base"}, "echo 1 > a/new", "one");
  copies.step({"base"}, "rm a/two; echo 2 > tree/s", "two");
  CHECK(copies.is_like_a_fresh_copy({"base", "one", "two"}));
}

TEST_CASE("what a capture drops is dropped from a kept copy, which is given up where it cannot be", "[kernel]") {
  if (!can_test()) return;
  Copies copies;
  CaptureRules rules{"test", {}, {}, {"a/log", "c/x"}};
  const auto first = copies.step({"base"}, "echo log > a/log; echo kept > a/kept", "one", rules);
  CHECK(copies.step({"base", "one"}, "test ! -e a/log; echo changed > c/x", "two", rules) == first);
  CHECK(copies.step({"base", "one", "two"}, "grep -q '^x$' c/x", "three", rules) != first);
  CHECK(copies.is_like_a_fresh_copy({"base", "one", "two", "three"}));
}
