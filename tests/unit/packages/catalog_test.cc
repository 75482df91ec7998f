// SPDX-License-Identifier: Apache-2.0
#include "packages/catalog.h"

#include "jcbuild/error.h"
#include "packages/report.h"
#include "tree_fixture.h"
#include "util/json.h"

#include <catch2/catch.hpp>

#include <chrono>
#include <fstream>
#include <thread>

using namespace jcb::packages;
using namespace jcb::packages::test;
using Catch::Matchers::Contains;

using Texts = std::vector<std::string>;

namespace {

/// Waits until the clock of file stamps has moved on, so that a cache is written.
void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(120)); }

std::vector<std::filesystem::path> files_of(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) files.push_back(entry.path());
  return files;
}

jcb::Error missing(const Catalog& catalog, const std::string& name) {
  try {
    catalog.throw_missing(name);
  } catch (const jcb::Error& error) {
    return error;
  }
}

bool is_same(const Catalog& a, const Catalog& b) {
  return a.packages() == b.packages() && a.disabled() == b.disabled() && a.load_errors() == b.load_errors() &&
         jcb::util::to_text(make_list_report(a, a.packages(), a.disabled())) ==
             jcb::util::to_text(make_list_report(b, b.packages(), b.disabled()));
}

Tree& fill(Tree& tree) {
  return tree.add_package("a", "depends: [b]\nalias: first\nbuild_args: {K: 'v \"q\"'}\nnotes: n")
      .add_package("b", "variants: [{name: 'b:1', default: true}, {name: 'b:2', when: {arch: aarch64}}]")
      .add_package("broken", "nmae: x")
      .add("meta/config.yaml", "depends: [a]\n");
}

}  // namespace

TEST_CASE("a tree is found by its root and by its packages directory") {
  Tree tree;
  tree.add_package("a", "group: g");
  const Catalog by_root = tree.load();
  const Catalog by_packages = Catalog::load({tree.path() / "packages/"}, debian(), std::nullopt);
  CHECK(by_root.packages() == by_packages.packages());
  CHECK(by_root.packages()[0].directory == tree.path() / "packages" / "a");
  CHECK_THROWS_WITH(Catalog::load({tree.path() / "nowhere"}, debian(), std::nullopt), Contains("no tree of packages at"));
}

TEST_CASE("a name in an earlier tree hides the later one") {
  Tree one, two;
  one.add_package("x", "name: x\nnotes: one\nalias: [same]");
  two.add_package("x", "name: x\nnotes: two").add_package("y", "name: y\nalias: [same, other]");
  const Catalog catalog = Catalog::load({one.path(), two.path()}, debian(), std::nullopt);
  CHECK(catalog.load_errors().empty());
  CHECK(catalog.find("x")->notes == "one");
  CHECK(catalog.find("same")->name == "x");
  CHECK(catalog.find("y")->aliases == Texts{"other"});
}

TEST_CASE("a name wins over an alias") {
  const Catalog catalog = Tree().add_package("a", "name: a\nalias: b").add_package("b", "name: b").load();
  CHECK(catalog.find("b")->name == "b");
}

TEST_CASE("a missing name is explained") {
  Tree tree;
  tree.add_package("ros", "variants: [{name: 'ros:noetic'}, {name: 'ros:jazzy', alias: 'ros2', when: {distribution: ubuntu 24.04}}]");
  tree.add_package("pytorch", "group: ml").add_package("broken", "x: y");
  const Catalog catalog = tree.load();
  CHECK(missing(catalog, "ros:jazzy").message() ==
        "package 'ros:jazzy' does not exist for this target: needs distribution ubuntu 24.04 (this target: debian 12)");
  CHECK(missing(catalog, "ros:jazzy").hint() == "here there are ros:noetic");
  CHECK_THAT(missing(catalog, "ros2").message(), Contains("for this target: ros:jazzy needs distribution ubuntu 24.04"));
  CHECK(missing(catalog, "ros:foxy").hint() == "here there are ros:noetic");
  CHECK(missing(catalog, "pytroch").message() == "package 'pytroch' does not exist");
  CHECK(missing(catalog, "pytroch").hint() == "did you mean pytorch?");
  CHECK_THAT(missing(catalog, "broken").message(), Contains("packages/broken cannot be read: packages/broken/Dockerfile:2:3: unknown key"));
  CHECK(missing(catalog, "\x1b[2J").kind() == jcb::ErrorKind::not_found);
  CHECK_THAT(missing(catalog, "\x1b[2J").message(), !Contains("\x1b"));
}

TEST_CASE("a family of which nothing exists here is explained by its default, or its first member") {
  Tree tree;
  tree.add_package("a", "variants: [{name: 'a:1', when: {l4t: '>=35'}}, {name: 'a:2', default: true, when: {l4t: '>=36'}}]");
  tree.add_package("b", "variants: [{name: 'b:1', when: {l4t: '>=35'}}]");
  const Catalog catalog = tree.load();
  CHECK(missing(catalog, "a").message() == "package 'a' does not exist for this target: a:2 needs L4T >=36 (this target: no L4T)");
  CHECK(missing(catalog, "b").message() == "package 'b' does not exist for this target: b:1 needs L4T >=35 (this target: no L4T)");
  CHECK_THAT(missing(catalog, "b").hint(), Contains("--l4t"));
}

TEST_CASE("a warm load gives the same catalog") {
  Tree tree, cache;
  fill(tree);
  settle();
  const auto load = [&] { return Catalog::load({tree.path()}, debian(), cache.path()); };
  const Catalog cold = load();
  REQUIRE(files_of(cache.path()).size() == 1);
  CHECK(is_same(cold, load()));
  CHECK(is_same(cold, tree.load()));
  CHECK(cold.packages().size() == 3);
  CHECK(cold.load_errors().size() == 1);
}

TEST_CASE("a warm load reads the cache and not the tree") {
  Tree tree, cache;
  fill(tree);
  settle();
  Catalog::load({tree.path()}, debian(), cache.path());
  const auto file = files_of(cache.path()).at(0);
  std::string text = jcb::util::read_file(file, 1 << 20);
  const auto at = text.find("\"first\"");
  REQUIRE(at != std::string::npos);
  std::ofstream(file) << text.replace(at, 7, "\"other\"");
  CHECK(Catalog::load({tree.path()}, debian(), cache.path()).find("other") != nullptr);
}

TEST_CASE("any change of a tree makes the cache stale") {
  Tree tree, cache;
  fill(tree);
  settle();
  const auto load = [&] { return Catalog::load({tree.path()}, debian(), cache.path()); };
  load();
  SECTION("an edit of the same size") {
    tree.add_package("a", "depends: [c]\nalias: first\nbuild_args: {K: 'v \"q\"'}\nnotes: n");
    CHECK(load().find("a")->depends == Texts{"c"});
  }
  SECTION("a new directory") {
    tree.add_package("new/deep", "group: g");
    CHECK(load().find("deep") != nullptr);
  }
  SECTION("a removed directory") {
    std::filesystem::remove_all(tree.path() / "packages" / "a");
    CHECK(load().find("a") == nullptr);
  }
  SECTION("a new config file") {
    tree.add("a/config.yaml", "notes: config\n");
    CHECK(load().find("a")->notes == "config");
  }
  SECTION("the mended file of a load error") {
    tree.add_package("broken", "name: whole");
    CHECK(load().load_errors().empty());
  }
}

TEST_CASE("a tree that changed a moment ago is not cached, since its next change might not show") {
  Tree tree, cache;
  fill(tree);
  Catalog::load({tree.path()}, debian(), cache.path());
  CHECK(files_of(cache.path()).empty());
}

TEST_CASE("targets and lists of trees have caches of their own") {
  Tree tree, cache;
  fill(tree);
  settle();
  const Catalog here = Catalog::load({tree.path()}, debian(), cache.path());
  const Catalog there = Catalog::load({tree.path()}, jetson(), cache.path());
  CHECK(files_of(cache.path()).size() == 2);
  CHECK(here.find("b:2") == nullptr);
  CHECK(there.find("b:2") != nullptr);
}

TEST_CASE("a broken cache is ignored and written anew, an unwritable one does not matter") {
  Tree tree, cache;
  fill(tree);
  settle();
  const Catalog cold = Catalog::load({tree.path()}, debian(), cache.path());
  const auto file = files_of(cache.path()).at(0);
  const std::string good = jcb::util::read_file(file, 1 << 20);
  for (const std::string& bad : {std::string("not json"), good.substr(0, good.size() / 2), std::string("{}"), std::string("[]"),
                                 std::string(R"({"version":1,"trees":[[]],"packages":[[1]],"disabled":[],"load_errors":{}})"),
                                 std::string(R"({"version":1,"trees":[[1,2]],"packages":[],"disabled":[],"load_errors":{}})")}) {
    std::ofstream(file) << bad;
    CHECK(is_same(cold, Catalog::load({tree.path()}, debian(), cache.path())));
    CHECK(jcb::util::read_file(file, 1 << 20) == good);
  }
  CHECK(is_same(cold, Catalog::load({tree.path()}, debian(), cache.path() / "missing")));
}

TEST_CASE("the list report has every field of every package") {
  Tree tree;
  const auto catalog = fill(tree).load();
  const auto report = make_list_report(catalog, catalog.packages(), catalog.disabled());
  REQUIRE(report["packages"].size() == 3);
  const auto& a = report["packages"][0];
  Texts fields;
  for (const auto& [field, value] : a.items()) fields.push_back(field);
  CHECK(fields == Texts{"name", "alias", "path", "dockerfile", "depends", "requires", "build_args", "test", "group", "notes", "prefix",
                        "postfix", "config"});
  CHECK(a["group"].is_null());
  CHECK(a["build_args"]["K"] == "v \"q\"");
  CHECK(report["packages"][2]["dockerfile"].is_null());
  CHECK(report["disabled"]["b:2"][0] == "needs architecture aarch64 (this target: x86_64)");
  CHECK(report["load_errors"].contains("packages/broken"));
  CHECK(report["target"].is_object());
}
