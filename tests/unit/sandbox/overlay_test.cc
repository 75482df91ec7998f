// SPDX-License-Identifier: Apache-2.0
#include "isolated.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace jcb;
using namespace jcb::sandbox;

namespace {

// Lower trees 0..count-1, each with a file of its number and one that all have; 0 is the top.
struct Layers {
  util::TempDir top{"/tmp"};
  std::vector<util::Root> roots;

  explicit Layers(int count) {
    for (const char* name : {"upper", "work", "merged"}) top.root().make_dirs(name);
    for (int i = 0; i < count; ++i) {
      top.root().make_dirs("l" + std::to_string(i));
      roots.push_back(top.root().subroot("l" + std::to_string(i)));
      roots.back().write_file("own" + std::to_string(i), "");
      roots.back().write_file("all", std::to_string(i));
    }
  }
  std::vector<const util::Root*> lowers() const {
    std::vector<const util::Root*> pointers;
    for (const auto& root : roots) pointers.push_back(&root);
    return pointers;
  }
  std::filesystem::path path(const char* name) const { return top.path() / name; }
};

std::string write_result(const util::Root& root) {
  const int fd = ::openat(root.fd(), "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const std::string text = fd >= 0 ? "written" : errno == EROFS ? "read-only" : "other";
  ::close(fd);
  return text;
}

std::string stack(int count) {
  return isolated([count] {
    const Layers layers(count);
    const OverlayMount mount(layers.lowers(), {}, {}, layers.path("merged"));
    return std::to_string(mount.root().list().size()) + " " + mount.root().read_file("all", 10) + " " + write_result(mount.root());
  });
}

}  // namespace

TEST_CASE("without upper a stack is shown read-only, the first lower on top", "[kernel]") {
  CHECK(stack(1) == "2 0 read-only");
  CHECK(stack(2) == "3 0 read-only");
  CHECK(stack(100) == "101 0 read-only");
}

TEST_CASE("more lowers than fit in a page of options are mounted all the same") { CHECK(stack(400) == "401 0 read-only"); }

TEST_CASE("the upper directory is the difference and nothing else") {
  CHECK(isolated([] {
          const Layers layers(2);
          {
            const OverlayMount mount(layers.lowers(), layers.path("upper"), layers.path("work"), layers.path("merged"));
            mount.root().write_file("made", "x");
            mount.root().remove_tree("own1");
            if (::fchmodat(mount.root().fd(), "own0", 0640, 0) != 0) return std::string("no chmod");
          }
          std::string text;
          const auto upper = util::Root::open(layers.path("upper"));
          for (const auto& entry : upper.list()) text += entry.name + (S_ISCHR(entry.type) ? " whiteout " : " ");
          return text + std::to_string(util::Root::open(layers.path("merged")).list().size());
        }) == "made own0 own1 whiteout 0");
}

TEST_CASE("an upper directory can be mounted again") {
  CHECK(isolated([] {
          const Layers layers(1);
          for (const char* name : {"first", "second"}) {
            const OverlayMount mount(layers.lowers(), layers.path("upper"), layers.path("work"), layers.path("merged"));
            mount.root().write_file(name, "");
          }
          return std::to_string(util::Root::open(layers.path("upper")).list().size());
        }) == "2");
}

TEST_CASE("a directory renamed in an overlay is whole in the upper one") {
  CHECK(isolated([] {
          const Layers layers(1);
          layers.roots[0].make_dirs("old");
          layers.roots[0].write_file("old/file", "content");
          const OverlayMount mount(layers.lowers(), layers.path("upper"), layers.path("work"), layers.path("merged"));
          // As mv does: rename(2) answers EXDEV without redirect_dir, so the tree is copied.
          if (::renameat(mount.root().fd(), "old", mount.root().fd(), "new") == 0) return std::string("redirected");
          return std::string(errno == EXDEV ? "copied" : "other");
        }) == "copied");
}

TEST_CASE("paths with commas and colons are no options") {
  CHECK(isolated([] {
          const Layers layers(1);
          for (const char* name : {"u,lowerdir=x", "w:y\\"}) layers.top.root().make_dirs(name);
          const OverlayMount mount(layers.lowers(), layers.path("u,lowerdir=x"), layers.path("w:y\\"), layers.path("merged"));
          return write_result(mount.root());
        }) == "written");
}
