// SPDX-License-Identifier: Apache-2.0
#include "packages/resolver.h"

#include "jcbuild/error.h"
#include "packages/image_name.h"
#include "packages/report.h"
#include "tree_fixture.h"
#include "util/json.h"

#include <catch2/catch.hpp>

#include <regex.h>

#include <algorithm>

using namespace jcb::packages;
using namespace jcb::packages::test;
using Catch::Matchers::Contains;

using Texts = std::vector<std::string>;

namespace {

/// "name [alias] = dep dep": a small language for graphs.
class Graph {
 public:
  Graph& add(const std::string& name, const std::string& depends = "", const std::string& more = "") {
    m_tree.add("p" + std::to_string(m_count++) + "/config.yaml", "name: \"" + name + "\"\ndepends: [" + depends + "]\n" + more);
    return *this;
  }
  Resolution resolve(const Texts& request) const { return jcb::packages::resolve(load(), request); }
  Texts chain(const Texts& request) const {
    Texts names;
    for (const auto& resolved : resolve(request).order) names.push_back(resolved.package.name);
    return names;
  }
  jcb::Error error(const Texts& request) const {
    try {
      resolve(request);
    } catch (const jcb::Error& error) {
      return error;
    }
    FAIL("resolved");
    throw std::logic_error("unreachable");
  }
  Catalog load() const {
    Catalog catalog = m_tree.load();
    REQUIRE(catalog.load_errors().empty());
    return catalog;
  }

 private:
  Tree m_tree;
  int m_count = 0;
};

/// Two PyTorch versions, something that does not care which, and one that does.
Graph& add_pytorch(Graph& graph) {
  return graph.add("pytorch:2.11", "python", "alias: [pytorch, torch]\n")
      .add("pytorch:2.8", "python")
      .add("python")
      .add("transformers", "pytorch")
      .add("audio", "torch")
      .add("vision:0.26", "\"pytorch:2.11\"", "alias: vision\n")
      .add("vision:0.23", "\"pytorch:2.8\"");
}

/// ROS flavours built on each other, and a library that two of them and outsiders need.
Graph& add_ros(Graph& graph) {
  return graph.add("ros:noetic-ros-core")
      .add("ros:noetic-ros-base", "\"ros:noetic-ros-core\"", "alias: [\"ros:noetic\", ros]\n")
      .add("ros:noetic-desktop", "\"ros:noetic-ros-base\", gazebo")
      .add("ros:humble-ros-base", "", "alias: \"ros:humble\"\n")
      .add("ros:humble-desktop", "\"ros:humble-ros-base\", gazebo")
      .add("gazebo", "ros")
      .add("slam", "ros")
      .add("old-slam", "\"ros:noetic\"");
}

}  // namespace

TEST_CASE("a resolution has the whole closure once, dependencies first, ties by name") {
  Graph graph;
  graph.add("d").add("c", "d").add("b", "d").add("a", "c, b").add("unrelated");
  CHECK(graph.chain({"a"}) == Texts{"d", "b", "c", "a"});
  const Resolution resolution = graph.resolve({"a"});
  CHECK(resolution.order[3].depends == std::vector<std::size_t>{1, 2});
  CHECK(resolution.closure(3) == std::vector<std::size_t>{0, 1, 2});
  CHECK(resolution.closure(0).empty());
  CHECK(resolution.order[3].reason == "requested");
  CHECK(resolution.order[0].reason == "needed by b");
}

TEST_CASE("which packages come does not depend on the order of the request") {
  Graph graph;
  add_pytorch(graph);
  Texts request{"audio", "pytorch:2.8", "python", "transformers", "vision:0.23"};
  do {
    auto chain = graph.chain(request);
    std::sort(chain.begin(), chain.end());
    CHECK(chain == Texts{"audio", "python", "pytorch:2.8", "transformers", "vision:0.23"});
  } while (std::next_permutation(request.begin(), request.end()));
}

TEST_CASE("a package added to a request is stacked on top of what was there") {
  Graph graph;
  add_pytorch(graph);
  const auto before = graph.chain({"transformers"});
  auto after = graph.chain({"transformers", "audio"});
  CHECK(after.back() == "audio");
  after.pop_back();
  CHECK(after == before);
}

TEST_CASE("a pin of the request is honoured wherever it stands") {
  Graph graph;
  add_pytorch(graph);
  CHECK(graph.chain({"transformers", "pytorch:2.8"}) == Texts{"python", "pytorch:2.8", "transformers"});
  CHECK(graph.chain({"audio", "pytorch:2.8"}) == Texts{"python", "pytorch:2.8", "audio"});
  CHECK(graph.chain({"pytorch", "pytorch:2.8"}) == Texts{"python", "pytorch:2.8"});
  CHECK(graph.chain({"transformers"}) == Texts{"python", "pytorch:2.11", "transformers"});
}

TEST_CASE("a version that a dependency names is taken by those who do not care") {
  Graph graph;
  add_pytorch(graph);
  CHECK(graph.chain({"transformers", "vision:0.23"}) == Texts{"python", "pytorch:2.8", "transformers", "vision:0.23"});
  CHECK(graph.chain({"pytorch", "vision:0.23"}) == Texts{"python", "pytorch:2.8", "vision:0.23"});
}

TEST_CASE("a family without a default is satisfied by a pin only") {
  Graph graph;
  graph.add("cuda:12.6").add("cuda:13.0").add("opencv", "cuda");
  CHECK(graph.chain({"opencv", "cuda:13.0"}) == Texts{"cuda:13.0", "opencv"});
  CHECK(graph.error({"opencv"}).message() == "opencv needs cuda: package 'cuda' does not exist");
  CHECK(graph.error({"opencv"}).hint() == "here there are cuda:12.6, cuda:13.0");
}

TEST_CASE("two versions of a family are refused with both chains") {
  Graph graph;
  add_pytorch(graph).add("app", "vision");
  const auto error = graph.error({"app", "pytorch:2.8"});
  CHECK(error.kind() == jcb::ErrorKind::refused);
  CHECK(error.message() == "two versions of pytorch: app needs vision:0.26, which needs pytorch:2.11; pytorch:2.8 is requested");
  CHECK_THAT(error.hint(), Contains("one image holds one pytorch"));
  CHECK_THAT(graph.error({"vision:0.26", "vision:0.23"}).message(), Contains("two versions of"));
}

TEST_CASE("packages of a family that are built on each other live together") {
  Graph graph;
  add_ros(graph);
  CHECK(graph.chain({"ros:noetic"}) == Texts{"ros:noetic-ros-core", "ros:noetic-ros-base"});
  CHECK(graph.chain({"ros"}) == Texts{"ros:noetic-ros-core", "ros:noetic-ros-base"});
  CHECK(graph.chain({"ros:noetic-desktop", "ros:noetic"}) ==
        Texts{"ros:noetic-ros-core", "ros:noetic-ros-base", "gazebo", "ros:noetic-desktop"});
  CHECK_THAT(graph.error({"ros:noetic-desktop", "ros:humble"}).message(), Contains("two versions of ros: "));
}

TEST_CASE("who wants a family in any version gets the part of the pin that suffices, or the pin") {
  Graph graph;
  add_ros(graph);
  // ros is ros:noetic-ros-base, which the pinned desktop has in it.
  const Resolution noetic = graph.resolve({"ros:noetic-desktop", "slam"});
  CHECK(noetic.order.back().package.name == "slam");
  CHECK(noetic.order[noetic.order.back().depends.at(0)].package.name == "ros:noetic-ros-base");
  // Under humble nothing of the usual choice is left; gazebo, which the desktop needs, cannot get the desktop itself.
  CHECK(graph.chain({"ros:humble-desktop", "slam"}) == Texts{"ros:humble-ros-base", "gazebo", "ros:humble-desktop", "slam"});
}

TEST_CASE("a name with a version that is an alias does not accept another version") {
  Graph graph;
  add_ros(graph);
  CHECK(graph.chain({"old-slam", "ros:noetic-desktop"}).back() == "ros:noetic-desktop");
  CHECK_THAT(graph.error({"old-slam", "ros:humble-ros-base"}).message(),
             Contains("old-slam needs ros:noetic-ros-base") && Contains("ros:humble-ros-base is requested"));
}

TEST_CASE("a cycle is printed once round, from its first name") {
  Graph graph;
  graph.add("b", "c").add("c", "a").add("a", "b").add("top", "c").add("self", "self");
  CHECK(graph.error({"top"}).message() == "packages need each other: a -> b -> c -> a");
  CHECK(graph.error({"self"}).message() == "packages need each other: self -> self");
  CHECK(graph.error({"self"}).kind() == jcb::ErrorKind::refused);
}

TEST_CASE("unknown names and empty requests are errors") {
  Graph graph;
  graph.add("a", "nothing");
  CHECK(graph.error({"a"}).message() == "a needs nothing: package 'nothing' does not exist");
  CHECK(graph.error({"aa"}).kind() == jcb::ErrorKind::not_found);
  CHECK(graph.error({}).kind() == jcb::ErrorKind::usage);
}

TEST_CASE("an image is named after the request and its target") {
  CHECK(make_image_name({"pytorch"}, debian()) == "pytorch:bookworm-x86_64");
  CHECK(make_image_name({"ros:noetic"}, debian()) == "ros:noetic-bookworm-x86_64");
  CHECK(make_image_name({"pytorch", "ros:noetic"}, jetson()) == "pytorch-ros-noetic:r36.4.3-cu126-aarch64");
  CHECK(make_image_name({"X++", "a_.b"}, debian()) == "x-a-b:bookworm-x86_64");
}

TEST_CASE("an image's name is a valid reference whatever the packages are called") {
  // The grammar of the distribution specification.
  regex_t reference;
  REQUIRE(::regcomp(&reference, "^[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*:[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$", REG_EXTENDED | REG_NOSUB) == 0);
  const std::string longest(128, 'L');
  for (const Texts& request : {Texts{longest}, Texts{"a:" + longest}, Texts{"a:B+c..d"}, Texts{"A.-_b", "c:"}, Texts(40, "name:1.0")}) {
    const std::string name = make_image_name(request, jetson());
    INFO(name);
    CHECK(::regexec(&reference, name.c_str(), 0, nullptr, 0) == 0);
  }
  ::regfree(&reference);
  CHECK(make_image_name(Texts(40, "name:1.0"), debian()) == "name-1.0-and-39-more:bookworm-x86_64");
}

TEST_CASE("the resolve report has chain, image and base") {
  Graph graph;
  graph.add("b").add("a", "b");
  const auto report = make_resolve_report(graph.resolve({"a"}), debian());
  CHECK(jcb::util::to_text(report) == R"({"chain":["b","a"],"image":"a:bookworm-x86_64","base":"bootstrap:debian:bookworm"})");
}
