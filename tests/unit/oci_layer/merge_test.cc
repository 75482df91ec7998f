// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/error.h"
#include "layer_support.h"
#include "oci/layer/xattr.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <set>

using namespace jcb::oci;
using namespace jcb::test;
using jcb::util::Root;

namespace {

// Overlay directories in text: "d/" a directory, "d/!" opaque, "-x" a whiteout of x, "x=content" a file, "x>target" a link.
Tree make_layer(const std::vector<std::string>& lines) {
  Tree tree;
  for (const auto& line : lines) {
    const std::string name = line.substr(0, line.find_first_of("=>!"));
    if (line[0] == '-') {
      REQUIRE(::mknodat(tree.root.fd(), line.substr(1).c_str(), S_IFCHR, makedev(0, 0)) == 0);
    } else if (line.find('=') != std::string::npos) {
      tree.root.write_file(name, line.substr(name.size() + 1));
    } else if (line.find('>') != std::string::npos) {
      REQUIRE(::symlinkat(line.substr(name.size() + 1).c_str(), tree.root.fd(), name.c_str()) == 0);
    } else {
      const auto fd = tree.root.make_dirs(name);
      if (line.ends_with('!')) set_opaque(fd.get(), OverlayXattr::user, name);
    }
  }
  return tree;
}

void describe(const Root& root, const std::string& prefix, std::vector<std::string>& lines) {
  for (const auto& entry : root.list(prefix.empty() ? "." : prefix)) {
    const std::string name = prefix + entry.name;
    const auto status = root.find_stat(name);
    if (S_ISCHR(status->st_mode)) lines.push_back("-" + name);
    if (S_ISREG(status->st_mode)) lines.push_back(name + "=" + root.read_file(name, 1000));
    if (S_ISLNK(status->st_mode)) lines.push_back(name + ">" + root.read_link(name));
    if (!S_ISDIR(status->st_mode)) continue;
    lines.push_back(name + "/" + (is_opaque(root.open_at(name, O_RDONLY).get(), OverlayXattr::user, name) ? "!" : ""));
    describe(root, name + "/", lines);
  }
}

std::vector<const Root*> pointers(const std::vector<Tree>& trees) {
  std::vector<const Root*> roots;
  for (const auto& tree : trees) roots.push_back(&tree.root);
  return roots;
}

using Lines = std::vector<std::string>;

// Merges layers given bottom first, over a set of paths below.
Lines merge(const std::vector<Lines>& layers, const std::set<std::string>& below = {}) {
  std::vector<Tree> trees;
  for (const auto& lines : layers) trees.push_back(make_layer(lines));
  const Tree target;
  merge_overlay_directories(pointers(trees), target.root, OverlayXattr::user,
                            [&](const std::string& path) { return below.contains(path); });
  Lines lines;
  describe(target.root, "", lines);
  return lines;
}

}  // namespace

TEST_CASE("the topmost file wins, directories join") {
  CHECK(merge({{"d/", "d/a=1", "d/b=1", "x=1"}, {"d/", "d/b=2", "d/c=2"}, {"x>y"}}) == Lines{"d/", "d/a=1", "d/b=2", "d/c=2", "x>y"});
}

TEST_CASE("one directory alone is copied as it is, less what hides nothing") {
  const Lines lines{"d/", "d/!", "-d/gone", "f=1", "-g"};
  CHECK(merge({lines}, {"d", "d/gone", "g"}) == Lines{"d/!", "f=1", "-g"});
  CHECK(merge({lines}) == Lines{"d/", "f=1"});
}

TEST_CASE("a whiteout removes what other sources have and stays only where something is below") {
  CHECK(merge({{"a=1", "b=1"}, {"-a", "-b"}}, {"b"}) == Lines{"-b"});
  CHECK(merge({{"d/", "d/x=1"}, {"-d"}}, {"d"}) == Lines{"-d"});
  CHECK(merge({{"-a"}, {"a=2"}}, {"a"}) == Lines{"a=2"});
}

TEST_CASE("a directory over a whiteout hides what was there") {
  CHECK(merge({{"d/", "d/x=1"}, {"-d"}, {"d/", "d/y=3"}}, {"d"}) == Lines{"d/!", "d/y=3"});
  CHECK(merge({{"d/", "d/x=1"}, {"-d"}, {"d/", "d/y=3"}}) == Lines{"d/", "d/y=3"});
}

TEST_CASE("an opaque directory hides lower sources, and below only where below has it") {
  CHECK(merge({{"d/", "d/x=1", "d/s/", "d/s/z=1"}, {"d/!", "d/s/", "d/y=2"}}, {"d"}) == Lines{"d/!", "d/s/", "d/y=2"});
  CHECK(merge({{"d/!", "d/x=1"}, {"d/", "d/y=2"}}, {"d"}) == Lines{"d/!", "d/x=1", "d/y=2"});
}

TEST_CASE("inside an opaque directory no whiteout and no second mark is needed") {
  CHECK(merge({{"d/!", "-d/gone", "d/s/!", "d/s/x=1"}}, {"d", "d/gone", "d/s"}) == Lines{"d/!", "d/s/", "d/s/x=1"});
}

TEST_CASE("files and directories replace each other") {
  CHECK(merge({{"a=1", "b/", "b/x=1"}, {"a/", "a/y=2", "b=2"}}, {"a", "b"}) == Lines{"a/!", "a/y=2", "b=2"});
  CHECK(merge({{"d/", "d/x=1"}, {"d=2"}, {"d/", "d/y=3"}}, {"d"}) == Lines{"d/!", "d/y=3"});
}

TEST_CASE("files are links to the sources, directories have the topmost metadata") {
  std::vector<Tree> trees;
  trees.push_back(make_layer({"d/", "d/low=1"}));
  trees.push_back(make_layer({"d/", "d/high=2"}));
  REQUIRE(::fchmodat(trees[0].root.fd(), "d", 0700, 0) == 0);
  REQUIRE(::fchmodat(trees[1].root.fd(), "d", 03771, 0) == 0);
  const timespec time{1'500'000'000, 123'456'789};
  const std::array<timespec, 2> times{time, time};
  const auto top = trees[1].root.open_at("d", O_RDONLY);
  set_xattr(top.get(), "user.key", "value", "d");
  REQUIRE(::futimens(top.get(), times.data()) == 0);
  const Tree target;
  merge_overlay_directories(pointers(trees), target.root, OverlayXattr::user, [](const std::string&) { return false; });
  CHECK(target.status("d/low").st_ino == trees[0].status("d/low").st_ino);
  CHECK(target.status("d/high").st_ino == trees[1].status("d/high").st_ino);
  CHECK((target.status("d").st_mode & 07777) == 03771);
  CHECK(target.status("d").st_mtim.tv_sec == 1'500'000'000);
  CHECK(target.status("d").st_mtim.tv_nsec == 123'456'789);
  CHECK(find_xattr(target.root.open_at("d", O_RDONLY).get(), "user.key", "d") == "value");
}

TEST_CASE("below is asked for paths without a leading slash") {
  std::vector<Tree> trees;
  trees.push_back(make_layer({"a/", "a/b/", "-a/b/c", "-top"}));
  const Tree target;
  std::set<std::string> asked;
  merge_overlay_directories(pointers(trees), target.root, OverlayXattr::user,
                            [&](const std::string& path) { return asked.insert(path), false; });
  CHECK(asked == std::set<std::string>{"a/b/c", "top"});
}

TEST_CASE("merging no directories gives an empty one") { CHECK(merge({}).empty()); }

TEST_CASE("a path is there unless a higher directory hides it") {
  std::vector<Tree> top_first;
  top_first.push_back(make_layer({"-gone", "o/!", "o/new=1", "file=1", "link>d", "d/"}));
  top_first.push_back(
      make_layer({"gone=2", "gone2/", "gone2/x=2", "o/", "o/old=2", "file/", "file/x=2", "link/", "link/x=2", "d/", "d/x=2", "-late"}));
  top_first.push_back(make_layer({"late=3", "d/", "d/y=3"}));
  const auto roots = pointers(top_first);
  for (const char* path : {"", "o", "o/new", "file", "link", "d/x", "d/y", "gone2/x", "/d/./x/"}) {
    INFO(path);
    CHECK(overlay_has_path(roots, path, OverlayXattr::user));
  }
  for (const char* path : {"gone", "o/old", "file/x", "link/x", "late", "missing", "d/x/deeper", "d/missing", "gone2/y"}) {
    INFO(path);
    CHECK_FALSE(overlay_has_path(roots, path, OverlayXattr::user));
  }
}

TEST_CASE("a merged directory packs to what its sources unpack to") {
  const std::vector<std::string> tars = {TarText().dir("d").file("d/a", "1").file("d/b", "1").file("x", "1").finish(),
                                         TarText().dir("d").file("d/.wh.a").file("d/c", "2").file(".wh.x").finish(),
                                         TarText().dir("e").file("e/f", "3").finish()};
  std::vector<Tree> layers(tars.size());
  const Tree rootfs, target;
  for (std::size_t i = 0; i < tars.size(); ++i) {
    extract(tars[i], layers[i]);
    extract(tars[i], rootfs, rootfs_options());
  }
  merge_overlay_directories(pointers(layers), target.root, OverlayXattr::user, [](const std::string&) { return false; });
  Lines merged, applied;
  describe(target.root, "", merged);
  describe(rootfs.root, "", applied);
  CHECK(merged == applied);
}
