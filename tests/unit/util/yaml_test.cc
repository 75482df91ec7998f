// SPDX-License-Identifier: Apache-2.0
#include "util/yaml.h"

#include "jcbuild/error.h"

#include <catch2/catch.hpp>

using namespace jcb::util;
using Catch::Matchers::Contains;

namespace {

Node parse(const std::string& text) { return parse_yaml({.file = "f.yaml", .text = text, .lines = {}, .cut_columns = 0}); }

std::string repeat(const std::string& text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("YAML scalars stay text, with their place") {
  const Node node = parse("a: 1.10\nb: [yes, ~, 'null']\n");
  REQUIRE(node.find("a") != nullptr);
  CHECK(node.find("a")->text == "1.10");
  CHECK(node.find("a")->at.line == 1);
  CHECK(node.find("a")->at.column == 4);
  REQUIRE(node.find("b")->items.size() == 3);
  CHECK(node.find("b")->items[0].text == "yes");
  CHECK(node.find("b")->items[1].is_null());
  CHECK(node.find("b")->items[2].text == "null");
  CHECK(parse("").is_null());
}

TEST_CASE("B18: what can grow or hide in YAML is refused with its place") {
  CHECK_THROWS_WITH(parse("a: &x [1]\nb: *x\n"), "f.yaml:1:4: YAML anchors are not allowed");
  CHECK_THROWS_WITH(parse("a: !!python/object:os.system x\n"), "f.yaml:1:4: YAML tags are not allowed");
  CHECK_THROWS_WITH(parse("a: !!str x\n"), "f.yaml:1:4: YAML tags are not allowed");
  CHECK_THROWS_WITH(parse("a: 1\nb: 2\na: 3\n"), "f.yaml:3:1: the key 'a' occurs twice");
  CHECK_THROWS_WITH(parse("[a]: 1\n"), Contains("a key must be a plain word"));
  CHECK_THROWS_WITH(parse("a: 1\n---\nb: 2\n"), Contains("a second YAML document"));
  CHECK_THROWS_WITH(parse("a: 1\nb: \"x\x04y\"\n"), Contains("f.yaml:2:1: a control character"));
  CHECK_THROWS_WITH(parse("a: \xff\n"), Contains("f.yaml:1:1: a control character or bytes"));
  CHECK_THROWS_WITH(parse("a: \xe2\x80\xae\n"), Contains("f.yaml:1:1: a control character"));
}

TEST_CASE("B18: YAML bombs of every sort end in an Error, quickly") {
  CHECK_THROWS_WITH(parse(repeat("[", 100'000)), Contains("nested deeper than 32"));
  CHECK_THROWS_WITH(parse(repeat("{a: ", 30'000)), Contains("nested deeper than 32"));
  CHECK_THROWS_WITH(parse(repeat("- ", 100'000)), Contains("nested deeper than 32"));
  CHECK_THROWS_WITH(parse(repeat("? ", 100'000)), Contains("f.yaml:1:"));
  CHECK_THROWS_WITH(parse("a: [" + repeat("x,", 60'000) + "]"), Contains("more than 10000 values"));
  CHECK_THROWS_WITH(parse("a: " + std::string(300'000, 'x')), Contains("larger than 256 KiB"));
  CHECK_THROWS_AS(parse("a: &a [x]\n" + repeat("b: [*a,*a]\n", 20'000)), jcb::Error);
}

TEST_CASE("JSON is read into the same form under the same limits") {
  const Node node = parse_json_node("f.json", R"({"a": ["x", 1, 2.50, true, null], "b": {}})");
  CHECK(node.find("a")->items[1].text == "1");
  CHECK(node.find("a")->items[3].text == "true");
  CHECK(node.find("a")->items[4].is_null());
  CHECK(node.find("b")->is_mapping());
  CHECK_THROWS_WITH(parse_json_node("f.json", R"({"a": 1, "a": 2})"), Contains("f.json: "));
  CHECK_THROWS_AS(parse_json_node("f.json", repeat("[", 33)), jcb::Error);
}

TEST_CASE("whether a scalar was quoted is known, and how many keys a mapping has is bounded") {
  const Node yaml = parse("a: 1\nb: '1'\nc: \"1\"\n");
  CHECK_FALSE(yaml.find("a")->quoted);
  CHECK(yaml.find("b")->quoted);
  CHECK(yaml.find("c")->quoted);
  const Node json = parse_json_node("f.json", R"({"a": 1, "b": "1"})");
  CHECK_FALSE(json.find("a")->quoted);
  CHECK(json.find("b")->quoted);
  const NodeLimits few{.bytes = 100, .depth = 4, .values = 100, .keys = 2};
  CHECK_THROWS_WITH(parse_yaml({.file = "f", .text = "a: 1\nb: 1\nc: 1\n", .lines = {}, .cut_columns = 0}, few),
                    Contains("f:3:1: more than 2 keys in one mapping"));
  CHECK_THROWS_WITH(parse_json_node("f", R"({"a": 1, "b": 1, "c": 1})", few), Contains("more than 2 keys"));
}
