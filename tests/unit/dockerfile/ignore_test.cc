// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/ignore.h"

#include <catch2/catch.hpp>

#include "jcbuild/error.h"

using namespace jcb;
using dockerfile::DoubleStar;
using dockerfile::IgnoreRules;
using dockerfile::PathPattern;

namespace {

struct Case {
  const char* rules;
  std::vector<const char*> ignored;
  std::vector<const char*> kept;
};

std::string repeat(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

void check(const Case& test) {
  INFO(test.rules);
  const auto rules = IgnoreRules::parse(test.rules, ".dockerignore");
  for (const char* path : test.ignored) {
    INFO(path);
    CHECK(rules.is_ignored(path));
  }
  for (const char* path : test.kept) {
    INFO(path);
    CHECK_FALSE(rules.is_ignored(path));
  }
}

}  // namespace

TEST_CASE("a name matches itself and all below it, at the top only") {
  check({"foo", {"foo", "foo/a", "foo/a/b"}, {"a/foo", "foobar", "fo", "Foo"}});
  check({"a/b", {"a/b", "a/b/c"}, {"a", "a/bc", "x/a/b", "b"}});
}

TEST_CASE("comments, blank lines, white space, carriage returns and a byte order mark are no patterns") {
  check({"\xef\xbb\xbf# comment\n\n   \n  foo  \r\n#bar\nbaz", {"foo", "baz"}, {"# comment", "#bar", "bar"}});
  check({" #a", {"#a"}, {"a"}});
  check({"", {}, {"a"}});
  check(
      {"\xef\xbb\xbf"
       "foo",
       {"foo"},
       {}});
}

TEST_CASE("slashes in front and at the end, dots and parents are cleaned away") {
  check({"/foo", {"foo", "foo/x"}, {"a/foo"}});
  check({"foo/", {"foo", "foo/x"}, {}});
  check({"./foo", {"foo"}, {}});
  check({"a/../foo//b/.", {"foo/b"}, {"a", "foo/c"}});
  check({"/", {}, {"a", ".", ""}});
  check({".", {}, {"a", ".", ""}});
}

TEST_CASE("* and ? stay within a name") {
  check({"*", {"a", "a/b"}, {"", "."}});
  check({"*.txt", {"a.txt", ".txt", "a.txt/x"}, {"d/a.txt", "a.txtx"}});
  check({"*/temp*", {"d/temporary.txt", "d/temp", "d/temp/x"}, {"temp", "d/e/temp"}});
  check({"a?c",
         {"abc",
          "a\xc3\xa4"
          "c"},
         {"ac", "a/c", "abbc"}});
  check({"a*c", {"ac", "abbc"}, {"a/c", "ab/c"}});
}

TEST_CASE("** stands for any directories") {
  check({"**/foo", {"foo", "a/foo", "a/b/foo", "a/foo/x"}, {"afoo", "a/foox"}});
  check({"**/*.o", {"a.o", "d/a.o", "d/e/a.o"}, {"a.c"}});
  check({"**foo", {"foo", "xfoo", "a/xfoo"}, {"foox"}});
  check({"a/**", {"a/b", "a/b/c"}, {"a", "ab"}});
  check({"a**", {"a", "ab", "ab/c", "a/b"}, {"b", "xa"}});
  check({"a/**/b", {"a/b", "a/x/b", "a/x/y/b", "a/x/b/c"}, {"a", "a/xb", "b"}});
  check({"**/a/**", {"a/b", "x/a/b"}, {"a", "x/a"}});
  check({"**", {"a", "a/b"}, {""}});
  check({"**/**", {"a", "a/b"}, {""}});
  check({"a**/b", {"ab", "a/b", "ax/b", "a/x/b"}, {"axb"}});
}

TEST_CASE("classes match one character, negated with ^") {
  check({"[ab].c", {"a.c", "b.c"}, {"c.c", ".c", "ab.c"}});
  check({"[a-c]x", {"ax", "cx"}, {"dx"}});
  check({"[^a-c]x", {"dx", "!x"}, {"ax", "x"}});
  check({"[!a]x", {"ax", "!x"}, {"bx"}});
  check({"a[\\]\\-]", {"a]", "a-"}, {"a\\"}});
  check({"[\xc3\xa4-\xc3\xb6]", {"\xc3\xa5"}, {"a", "\xc3\xbc"}});
  check({"a]b", {"a]b"}, {}});
}

TEST_CASE("a backslash takes the meaning away") {
  check({"\\*", {"*"}, {"a"}});
  check({"a\\?", {"a?"}, {"ab"}});
  check({"\\!a", {"!a"}, {"a"}});
  check({"a.b", {"a.b"}, {"axb"}});
  check({"a+(b)|{c}$^", {"a+(b)|{c}$^"}, {"aa"}});
}

TEST_CASE("the last rule that matches decides") {
  check({"*.md\n!README.md", {"a.md"}, {"README.md"}});
  check({"*.md\n!README*.md\nREADME-secret.md", {"a.md", "README-secret.md"}, {"README.md"}});
  check({"*.md\nREADME-secret.md\n!README*.md", {"a.md"}, {"README.md", "README-secret.md"}});
  check({"*\n!src", {"a", "src2"}, {"src", "src/a"}});
  check({"d\n!d/keep\nd/keep/not", {"d", "d/x", "d/keep/not"}, {"d/keep", "d/keep/a"}});
  check({"! /a\nb", {"b"}, {"a"}});
  check({"**\n!**/*.c", {"a", "d/x.h"}, {"x.c", "d/x.c"}});
}

TEST_CASE("a rule that was not asked for a directory is not remembered below it, as BuildKit has it") {
  check({"a\n!a/b\na*", {"a", "a/c"}, {"a/b"}});
}

TEST_CASE("what hides a path is named with its line") {
  const auto rules = IgnoreRules::parse("# c\n*.log\n!keep.log\n  build/  \n", "x.dockerignore");
  CHECK(rules.name() == "x.dockerignore");
  REQUIRE(rules.find_hiding_rule("a.log") != nullptr);
  CHECK(rules.find_hiding_rule("a.log")->text == "*.log");
  CHECK(rules.find_hiding_rule("a.log")->line == 2);
  CHECK(rules.find_hiding_rule("keep.log") == nullptr);
  CHECK(rules.find_hiding_rule("build/a/b")->text == "build/");
  CHECK(rules.find_hiding_rule("build/a/b")->line == 4);
}

TEST_CASE("a directory is skipped whole unless an exception can match below it") {
  const auto hides = [](const char* rules, const char* directory) { return IgnoreRules::parse(rules, "f").hides_all_below(directory); };
  CHECK(hides("node_modules", "node_modules"));
  CHECK(hides("node_modules\n!src", "node_modules"));
  CHECK(hides("a\n!b/c", "a"));
  CHECK_FALSE(hides("a\n!a/b", "a"));
  CHECK_FALSE(hides("a\n!a/b", "a/b"));
  CHECK(hides("a\n!a/b", "a/c"));
  CHECK_FALSE(hides("*\n!*/b", "x"));
  CHECK(hides("*\n!*/b", "x/y"));
  CHECK_FALSE(hides("*\n!**/b", "x/y/z"));
}

TEST_CASE("what is no pattern is refused with its line") {
  for (const char* bad : {"[", "[]", "[a", "[a-]", "[-a]", "[^]", "a\\", "!", "!/", "! /.."}) {
    INFO(bad);
    try {
      IgnoreRules::parse("ok\n" + std::string(bad) + "\n", "F");
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::invalid);
      CHECK(error.steps().at(0) == "reading F:2");
    }
  }
  CHECK_THROWS_AS(IgnoreRules::parse(std::string((1U << 20) + 1, 'a'), "F"), Error);
  CHECK_THROWS_AS(IgnoreRules::parse(std::string(65537, 'a'), "F"), Error);
}

TEST_CASE("B16: a NUL is refused and no rule leaves the context") {
  CHECK_THROWS_AS(IgnoreRules::parse(std::string("a\0b", 3), "F"), Error);
  check({"!../x\n../../etc\n!/../y", {}, {"x", "etc", "y", "a"}});
  check({"*\n!../x\n!/../y", {"x", "a"}, {"y"}});
}

TEST_CASE("B16: patterns made to explode take time in proportion to pattern and path") {
  // An engine that backtracks would not come to an end within the age of the universe.
  const std::string deep = repeat("a/", 500) + "b";
  CHECK(IgnoreRules::parse(repeat("**/", 10000) + "c", "F").is_ignored(deep) == false);
  CHECK(IgnoreRules::parse(repeat("**/", 10000) + "b", "F").is_ignored(deep));
  CHECK(IgnoreRules::parse(repeat("**/a/", 1000) + "c", "F").is_ignored(deep) == false);
  CHECK(IgnoreRules::parse(repeat("*a", 1000) + "c", "F").is_ignored(std::string(2000, 'a')) == false);
  CHECK(IgnoreRules::parse(repeat("[^b]*", 1000) + "c", "F").is_ignored(std::string(2000, 'a')) == false);
  CHECK(IgnoreRules::parse(std::string(60000, '*') + "c", "F").is_ignored(std::string(4000, 'a')) == false);
}

TEST_CASE("--exclude takes no comments and gives a leading slash no other meaning") {
  const auto rules = IgnoreRules::from_patterns({"#a", " *.md ", "", "/b"}, "--exclude");
  CHECK(rules.is_ignored("#a"));
  CHECK(rules.is_ignored("x.md"));
  CHECK_FALSE(rules.is_ignored("b"));
  CHECK(IgnoreRules::from_patterns({}, "--exclude").empty());
  CHECK_FALSE(rules.has_exceptions());
  CHECK(IgnoreRules::from_patterns({"a", "!b"}, "--exclude").has_exceptions());
}

TEST_CASE("filepath.Match takes ** for * and never more than the whole") {
  const auto matches = [](const char* pattern, const char* text) { return PathPattern::parse(pattern, DoubleStar::star).matches(text); };
  CHECK(matches("**.c", "a.c"));
  CHECK_FALSE(matches("**/a", "x/y/a"));
  CHECK(matches("**/a", "x/a"));
  CHECK_FALSE(matches("a", "a/b"));
  CHECK(matches("a[[]0]", "a[0]"));
  CHECK(dockerfile::has_wildcards("a[b"));
  CHECK_FALSE(dockerfile::has_wildcards("a\\*b"));
}

TEST_CASE("paths are cleaned as filepath.Clean does") {
  for (const auto& [given, clean] : std::vector<std::pair<const char*, const char*>>{
           {"", "."}, {"a//b/", "a/b"}, {"../a/../..", "../.."}, {"/../a", "/a"}, {"/", "/"}, {"a/..", "."}, {"./a/./b", "a/b"}}) {
    CHECK(dockerfile::clean_path(given) == clean);
  }
}
