// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/error.h"
#include "packages/requirement.h"
#include "packages/yaml.h"
#include "tree_fixture.h"

#include <catch2/catch.hpp>

using namespace jcb::packages;
using namespace jcb::packages::test;

using Texts = std::vector<std::string>;

namespace {

constexpr const char* k_ros = R"(group: ros
depends: [cmake]
build_args: {COMMON: 1}
variants:
  - name: ros:noetic-ros-core
    build_args: {FLAVOUR: core}
    when: {distribution: [ubuntu 20.04, debian 12]}
  - name: ros:noetic-ros-base
    alias: ros:noetic
    default: true
    depends: ros:noetic-ros-core
    when: {distribution: [ubuntu 20.04, debian 12]}
  - name: ros:humble-ros-base
    alias: [ros:humble, ros2]
    default: true
    when: {distribution: ubuntu >=22.04})";

Texts conditions(const std::string& yaml, const jcb::platform::Target& target) {
  return find_unmet_conditions(parse_yaml({.file = "f", .text = yaml, .lines = {}, .cut_columns = 0}), target);
}

std::optional<std::string> requirement(const std::string& specifier, const jcb::platform::Target& target = jetson()) {
  return find_unmet_requirement(specifier, target);
}

}  // namespace

TEST_CASE("variants inherit what they do not say and exist where their conditions hold") {
  Tree tree;
  tree.add_package("ros", k_ros);
  const Catalog catalog = tree.load(debian());
  CHECK(catalog.load_errors().empty());
  CHECK(names_of(catalog) == Texts{"ros:noetic-ros-base", "ros:noetic-ros-core"});
  CHECK(catalog.find("ros:noetic-ros-core")->depends == Texts{"cmake"});
  CHECK(catalog.find("ros:noetic-ros-core")->build_args == std::map<std::string, std::string>{{"FLAVOUR", "core"}});
  CHECK(catalog.find("ros:noetic-ros-base")->build_args == std::map<std::string, std::string>{{"COMMON", "1"}});
  CHECK(catalog.find("ros:noetic-ros-base")->group == "ros");
  CHECK(names_of(tree.load(jetson())) == Texts{"ros:humble-ros-base"});
}

TEST_CASE("the first default variant that exists takes the family's bare name") {
  Tree tree;
  tree.add_package("ros", k_ros);
  const Catalog here = tree.load(debian());
  CHECK(here.find("ros")->name == "ros:noetic-ros-base");
  CHECK(here.find("ros:noetic")->name == "ros:noetic-ros-base");
  CHECK(here.find("ros2") == nullptr);
  const Catalog there = tree.load(jetson());
  CHECK(there.find("ros")->name == "ros:humble-ros-base");
  CHECK(there.find("ros2")->name == "ros:humble-ros-base");
}

TEST_CASE("only the first of several existing defaults is the family's") {
  const Catalog catalog =
      Tree().add_package("x", "variants: [{name: 'x:2', default: yes, alias: two}, {name: 'x:1', default: yes, alias: one}]").load();
  CHECK(catalog.find("x")->name == "x:2");
  CHECK(catalog.find("one")->name == "x:1");
  CHECK(catalog.find("x:1")->aliases == Texts{"one"});
}

TEST_CASE("variants of one name are alternatives, the first that holds is taken") {
  Tree tree;
  tree.add_package("cuda", R"(variants:
  - {name: "cuda:12.6", when: {l4t: ">=36,<37"}, notes: jetson}
  - {name: "cuda:12.6", when: {arch: x86_64}, notes: pc}
  - {name: "cuda:12.6", notes: other})");
  CHECK(tree.load(jetson()).find("cuda:12.6")->notes == "jetson");
  CHECK(tree.load(debian()).find("cuda:12.6")->notes == "pc");
  CHECK(tree.load(make_target("aarch64", "debian:12")).find("cuda:12.6")->notes == "other");
}

TEST_CASE("a name of which no variant holds is disabled, with every failing condition") {
  Tree tree;
  tree.add_package("y", "name: 'y:1'\nvariants: [{when: {distribution: ubuntu 22.04, l4t: '>=36', cuda: '>=12'}}]");
  const Catalog catalog = tree.load();
  REQUIRE(catalog.disabled().size() == 1);
  CHECK(catalog.disabled()[0].name == "y:1");
  CHECK(catalog.disabled()[0].reasons == Texts{"needs distribution ubuntu 22.04 (this target: debian 12)",
                                               "needs L4T >=36 (this target: no L4T)", "needs CUDA >=12 (this target: no CUDA)"});
}

TEST_CASE("of several alternatives that do not hold each is told") {
  Tree tree;
  tree.add_package("x", "variants: [{name: x, when: {arch: aarch64, python: '<3'}}, {name: x, disabled: true}]");
  REQUIRE(tree.load().disabled().size() == 1);
  CHECK(tree.load().disabled()[0].reasons ==
        Texts{"needs architecture aarch64 (this target: x86_64) and needs Python <3 (this target: Python 3.11)",
              "or disabled by its configuration"});
}

TEST_CASE("conditions hold as they read") {
  CHECK(conditions("{distribution: debian}", debian()).empty());
  CHECK(conditions("{distribution: bookworm}", debian()).empty());
  CHECK(conditions("{distribution: [ubuntu 20.04, debian >=11]}", debian()).empty());
  CHECK(conditions("{distribution: debian >12}", debian()).size() == 1);
  CHECK(conditions("{arch: [aarch64, x86_64]}", debian()).empty());
  CHECK(conditions("{arch: tegra-aarch64, jetpack: '==6.*', python: '>=3.10', cuda: '>=12.4,<13'}", jetson()).empty());
  CHECK(conditions("{l4t: none, cuda: none}", debian()).empty());
  CHECK(conditions("{l4t: none}", jetson()) == Texts{"needs a target without L4T (this target: L4T 36.4.3)"});
}

TEST_CASE("a condition that is none is an error on every target, with its place") {
  CHECK_THROWS_WITH(conditions("{l4t: '36'}", debian()), Catch::Matchers::StartsWith("f:1:7: "));
  CHECK_THROWS_WITH(conditions("{ach: x}", debian()), "f:1:2: unknown key 'ach' in 'when', did you mean arch?");
  CHECK_THROWS_WITH(conditions("{arch: [aarch64, armv7]}", jetson()), Catch::Matchers::Contains("not 'armv7'"));
  CHECK_THROWS_WITH(conditions("{distribution: [debian, ubuntu =>22]}", debian()), Catch::Matchers::StartsWith("f:1:"));
  CHECK_THROWS_WITH(conditions("{cuda: }", debian()), Catch::Matchers::Contains("'cuda' is empty"));
  CHECK_THROWS_WITH(conditions("[x]", debian()), Catch::Matchers::Contains("'when' must be a mapping"));
  CHECK(only_error(Tree().add_package("x", "variants: [{name: x, wen: {arch: x86_64}}]").load()) ==
        "packages/x/Dockerfile:2:24: unknown key 'wen' in a variant, did you mean when?");
}

TEST_CASE("requires follows upstream's grammar") {
  for (const char* met :
       {"aarch64", "==ARM64", "!=x86_64", "22.04", "==22.04", ">=cu126", "<cu128", ">=36", "==36.*", ">=r36", ">=34.1.0,<38"})
    CHECK_FALSE(requirement(met));
  for (const char* unmet : {"x86_64", "!=aarch64", "24.04", ">cu126", "<=cu122", "<36", "==35.*", ">=r38", ">=37,<38"})
    CHECK(requirement(unmet));
  CHECK(requirement("22.04", debian()) == "needs distribution ubuntu 22.04 (this target: debian 12)");
  CHECK(requirement(">=cu126", debian()) == "needs CUDA >=cu126 (this target: no CUDA)");
  CHECK_FALSE(requirement("<cu126", debian()));
  CHECK_FALSE(requirement("==39.1.0", debian()));
  CHECK(requirement("<38", debian()) == "needs L4T <38 (this target: no L4T, which counts as 39.1.0)");
  CHECK_FALSE(requirement(">=22.04"));  // a question about L4T, as upstream reads it
  CHECK_THROWS_AS(requirement(">=py310"), jcb::Error);
}

TEST_CASE("requires is a list of which all must hold") {
  Tree tree;
  tree.add_package("x", "requires: ['>=36', 'aarch64', '>=cu128']");
  CHECK(tree.load(jetson()).disabled()[0].reasons == Texts{"needs CUDA >=cu128 (this target: CUDA 12.6)"});
}
