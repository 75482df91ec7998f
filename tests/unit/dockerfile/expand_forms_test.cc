// SPDX-License-Identifier: Apache-2.0
// Corners of the expansion that people meet: names, nesting, escapes inside substitutions, words.
#include "dockerfile/expand.h"
#include "jcbuild/error.h"

#include <catch2/catch.hpp>

#include <map>

using jcb::Error;
using namespace jcb::dockerfile;

namespace {

const std::map<std::string, std::string, std::less<>> k_variables{{"PWD", "/home"},   {"SHELL", "bash"},    {"NULL", ""},
                                                                  {"LEAD", "  ab c"}, {"TRAIL", "ab c   "}, {"K", "한국어"},
                                                                  {"P", "a/b.c/d.e"}, {"_x1", "y"}};

const Lookup k_lookup = [](std::string_view name) -> std::optional<std::string> {
  const auto found = k_variables.find(name);
  return found == k_variables.end() ? std::nullopt : std::optional(found->second);
};

struct Case {
  const char* word;
  const char* result;  // nothing: refused
};

void check(std::initializer_list<Case> cases) {
  for (const auto& [word, result] : cases) {
    INFO(word);
    if (result == nullptr) {
      CHECK_THROWS_AS(expand_word(word, k_lookup), Error);
    } else {
      CHECK(expand_word(word, k_lookup) == result);
    }
  }
}

}  // namespace

TEST_CASE("names of one sign or of digits end early") {
  check({{"$1a", "a"},     {"${1:-b}", "b"},
         {"$999a", "a"},   {"${007:+b}c", "c"},
         {"$@@@", "@@"},   {"$*x", "x"},
         {"$#x", "x"},     {"$?x", "x"},
         {"$-x", "x"},     {"$$x", "x"},
         {"$!x", "x"},     {"$0x", "x"},
         {"${#}", ""},     {"${@:-b}", "b"},
         {"${-:-b}", "b"}, {"${$:+b}", ""},
         {"$_x1-", "y-"},  {"$.", "$."},
         {"$ x", "$ x"},   {"x$", "x$"},
         {"$K", "한국어"}, {"안녕$PWD", "안녕/home"},
         {"$(a)", "$(a)"}, {"$\"a\"", "$a"}});
}

TEST_CASE("escapes inside substitutions act before the brace ends them") {
  check({{R"(he${X:-\$PWD:}xx)", "he$PWD:xx"},
         {R"(he${X:-\${PWD}z}xx)", "he${PWDz}xx"},
         {R"(${X:-a\}b})", "a}b"},
         {R"(${X:-"a}b"})", "a}b"},
         {R"(${X:-'}'})", "}"},
         {R"(\${}xx)", "${}xx"},
         {R"(\\$PWD)", R"(\/home)"},
         {R"("\\$PWD")", R"(\/home)"},
         {R"('\$PWD')", R"(\$PWD)"},
         {"${aaa:-bbb {foo}", "bbb {foo"},
         {"${aaa:-bbb}}", "bbb}"},
         {"${aaa:-bbb ${foo}", nullptr},
         {"${{aaa:-bbb}", nullptr},
         {"${aaa", nullptr},
         {"${:+bbb}", nullptr},
         {"${X:YYY}", nullptr},
         {"${PWD:=x}", nullptr},
         {"${X?}", nullptr},
         {"${NULL?}", ""},
         {"${NULL:?}", nullptr}});
}

TEST_CASE("every operator takes what is nested in its word") {
  check({{"${X:-${Y:-${Z:-end}}}", "end"},
         {"${PWD:+${X:-${SHELL}}}", "bash"},
         {"${X-\"${PWD} b\"}", "/home b"},
         {"${PWD#${X:-/ho}}", "me"},
         {"${P##*${X:-/}}", "d.e"},
         {"${P%${NULL:-.*}}", "a/b.c/d"},
         {"${P%%.*}", "a/b"},
         {"${P/${X:-b}/${SHELL}}", "a/bash.c/d.e"},
         {"${P//./${NULL}}", "a/bc/de"},
         {R"(${P//\//-})", "a-b.c-d.e"},
         {"${X+${PWD}}${X-n}${PWD+y}${PWD-n}", "ny/home"},
         {"${X:?${PWD}}", nullptr}});
}

TEST_CASE("words are split at blanks of values unless these are quoted") {
  const auto words = [](const char* text) { return expand_words(text, k_lookup); };
  using Words = std::vector<std::string>;
  CHECK(words("hello${LEAD}def") == Words{"hello", "ab", "cdef"});
  CHECK(words("hello\"${LEAD}\" def") == Words{"hello  ab c", "def"});
  CHECK(words("hello${TRAIL}") == Words{"helloab", "c"});
  CHECK(words("hello${TRAIL}d") == Words{"helloab", "c", "d"});
  CHECK(words("hel\"lo${TRAIL}\"") == Words{"helloab c   "});
  CHECK(words("hello\\ there") == Words{"hello there"});
  CHECK(words("hello\\\" there") == Words{"hello\"", "there"});
  CHECK(words("'$PWD' \"\" x") == Words{"$PWD", "x"});
  CHECK_THROWS_AS(words("hello\" there"), Error);
}

TEST_CASE("$(nproc) and other shell words of an ARG stay as they are") {
  check({{"-j$(nproc)", "-j$(nproc)"},
         {"$(a $PWD)", "$(a /home)"},
         {"`a`", "`a`"},
         {"a;b|c&d", "a;b|c&d"},
         {"~/x", "~/x"},
         {"a<b", "a<b"},
         {"a<<b", "a<<b"}});
}
