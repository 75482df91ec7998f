// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/expand.h"

#include "jcbuild/error.h"

#include <catch2/catch.hpp>

#include <map>

using jcb::Error;
using namespace jcb::dockerfile;

namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

Lookup in(const Variables& variables) {
  return [&variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

const Variables k_variables{{"HOME", "/home/me"},       {"EMPTY", ""},      {"TWO", "a  b"}, {"NAME", "HOME"},
                            {"FILE", "src/a.b.tar.gz"}, {"GREEK", "αβγαβγ"}};

struct Case {
  const char* word;
  const char* result;  // nothing: refused
};

void check(std::initializer_list<Case> cases, const Variables& variables = k_variables) {
  for (const auto& [word, result] : cases) {
    INFO(word);
    if (result == nullptr) {
      CHECK_THROWS_AS(expand_word(word, in(variables)), Error);
    } else {
      CHECK(expand_word(word, in(variables)) == result);
    }
  }
}

}  // namespace

TEST_CASE("quotes are removed and keep what they hold") {
  check({{"plain", "plain"},
         {"a'b c'd", "ab cd"},
         {"'$HOME'", "$HOME"},
         {"\"$HOME\"", "/home/me"},
         {"\"it's\"", "it's"},
         {"'say \"hi\"'", "say \"hi\""},
         {"\"'$HOME'\"", "'/home/me'"},
         {"''", ""},
         {"'open", nullptr},
         {"\"open", nullptr},
         {"it's", nullptr}});
}

TEST_CASE("an escape makes the next character ordinary, as the place has it") {
  check({{R"(a\b)", "ab"},
         {R"(a\\b)", R"(a\b)"},
         {R"(\$HOME)", "$HOME"},
         {R"(\\$HOME)", R"(\/home/me)"},
         {R"(it\'s)", "it's"},
         {R"("a\tb")", R"(a\tb)"},
         {R"("a\"b")", "a\"b"},
         {R"("\$HOME")", "$HOME"},
         {R"("a\\b")", R"(a\b)"},
         {R"('a\b')", R"(a\b)"},
         {R"(end\)", "end"},
         {R"("open\")", nullptr},
         {R"(\${)", "${"}});
  CHECK(expand_word("`$HOME\\n", in(k_variables), '`') == "$HOME\\n");
}

TEST_CASE("variables end where their names do") {
  check({{"$HOME/x", "/home/me/x"},
         {"${HOME}x", "/home/mex"},
         {"a$HOME.", "a/home/me."},
         {"$UNSET", ""},
         {"a${UNSET}b", "ab"},
         {"$", "$"},
         {"a$.b", "a$.b"},
         {"$1x", "x"},
         {"$12x", "x"},
         {"$@x", "x"},
         {"${?}", ""},
         {"${}", nullptr},
         {"${.}", nullptr},
         {"${HOME", nullptr},
         {"${{HOME}}", nullptr},
         {"${:-x}", nullptr},
         {"${HOME}}", "/home/me}"}});
}

TEST_CASE("$(command) stays for the shell") {
  check({{"$(nproc)", "$(nproc)"}, {"-j$(nproc)", "-j$(nproc)"}, {"\"-j$(nproc)\"", "-j$(nproc)"}});
}

TEST_CASE("a colon makes an empty variable count as unset") {
  check({{"${HOME:-x}", "/home/me"},
         {"${HOME-x}", "/home/me"},
         {"${EMPTY:-x}", "x"},
         {"${EMPTY-x}", ""},
         {"${UNSET:-x}", "x"},
         {"${UNSET-x}", "x"},
         {"${HOME:+x}", "x"},
         {"${HOME+x}", "x"},
         {"${EMPTY:+x}", ""},
         {"${EMPTY+x}", "x"},
         {"${UNSET:+x}", ""},
         {"${UNSET+x}", ""},
         {"${UNSET:-}", ""},
         {"${HOME:?}", "/home/me"},
         {"${EMPTY?}", ""},
         {"${EMPTY:?}", nullptr},
         {"${UNSET?}", nullptr},
         {"${UNSET:?}", nullptr}});
}

TEST_CASE("words inside substitutions are words again") {
  check({{"${A:-${B:-c}}", "c"},
         {"${A:-${HOME}}", "/home/me"},
         {"${A:-$HOME/bin}", "/home/me/bin"},
         {"${HOME:+${HOME}:}x", "/home/me:x"},
         {"${UNSET:+${HOME}:}x", "x"},
         {"${A:-'$HOME'}", "$HOME"},
         {"${A:-\"a b\"}", "a b"},
         {R"(${A:-\}})", "}"},
         {"${A:-{}", "{"},
         {"${A:-${B}", nullptr},
         {"${HOME:=x}", nullptr},
         {"${HOME:x}", nullptr},
         {"${HOME=x}", nullptr}});
}

TEST_CASE("the message of ? reaches the user, expanded") {
  CHECK_THROWS_WITH(expand_word("${L4T:?give L4T for $NAME}", in(k_variables)), Catch::Contains("L4T: give L4T for HOME"));
  CHECK_THROWS_WITH(expand_word("${L4T?}", in(k_variables)), Catch::Contains("L4T: is not allowed to be unset"));
  CHECK_THROWS_WITH(expand_word("${EMPTY:?}", in(k_variables)), Catch::Contains("EMPTY: is not allowed to be empty"));
}

TEST_CASE("prefixes and suffixes are cut by the shortest or the longest match") {
  check({{"${FILE#*.}", "b.tar.gz"},
         {"${FILE##*.}", "gz"},
         {"${FILE%.*}", "src/a.b.tar"},
         {"${FILE%%.*}", "src/a"},
         {"${FILE##*/}", "a.b.tar.gz"},
         {"${FILE#x}", "src/a.b.tar.gz"},
         {"${FILE#}", "src/a.b.tar.gz"},
         {"${FILE%}", "src/a.b.tar.gz"},
         {"${FILE#???}", "/a.b.tar.gz"},
         {"${FILE%??}", "src/a.b.tar."},
         {"${FILE#*}", "src/a.b.tar.gz"},
         {"${FILE##*}", ""},
         {"${FILE%%*}", ""},
         {"${UNSET#x}", ""},
         {"${GREEK#?}", "βγαβγ"},
         {"${GREEK%α*}", "αβγ"},
         {"${FILE:#x}", nullptr},
         {R"(${FILE#\x})", nullptr}});
}

TEST_CASE("an escape makes a pattern character ordinary") {
  const Variables variables{{"STARS", "a**b"}, {"BRACES", "{x}y"}, {"P", "a*"}};
  check(
      {{R"(${STARS#a\*})", "*b"}, {R"(${STARS%%\**})", "a"}, {R"(${STARS#\?})", "a**b"}, {R"(${BRACES#*\}})", "y"}, {"${STARS#$P}", "**b"}},
      variables);
}

TEST_CASE("replacement takes the leftmost, longest match, once or everywhere") {
  const Variables variables{{"PATHS", "/a/b/a/c"}, {"V", "1.2.3"}, {"X", "aXbXc"}};
  check({{R"(${PATHS/\/a/Z})", "Z/b/a/c"},
         {R"(${PATHS//\/a/Z})", "Z/bZ/c"},
         {"${V/./-}", "1-2.3"},
         {"${V//./-}", "1-2-3"},
         {"${V//./}", "123"},
         {"${X/X*/-}", "a-"},
         {"${X/?X/-}", "-bXc"},
         {"${X//?X/-}", "--c"},
         {"${X/z/-}", "aXbXc"},
         {"${X/*/-}", "-"},
         {"${X//*/-}", "-"},
         {"${UNSET/a/b}", ""},
         {"${V/./$X}", "1aXbXc2.3"},
         {"${V/.}", nullptr},
         {"${V//}", nullptr}},
        variables);
}

TEST_CASE("unquoted values are split into words, quoted ones are not") {
  const auto words = [](const char* text) { return expand_words(text, in(k_variables)); };
  CHECK(words("a b\tc") == std::vector<std::string>{"a", "b", "c"});
  CHECK(words("x${TWO}y") == std::vector<std::string>{"xa", "by"});
  CHECK(words("x\"${TWO}\"y") == std::vector<std::string>{"xa  by"});
  CHECK(words(R"(a\ b 'c d')") == std::vector<std::string>{"a b", "c d"});
  CHECK(words("8${UNSET:-0} $EMPTY") == std::vector<std::string>{"80"});
  CHECK(words("  ").empty());
}

TEST_CASE("a heredoc body keeps its quotes") {
  CHECK(expand_heredoc("it's \"$HOME\"\nand '$HOME' \\$HOME\n", in(k_variables)) == "it's \"/home/me\"\nand '/home/me' $HOME\n");
}

TEST_CASE("referenced variables are named whether set, taken or not") {
  CHECK(referenced_variables("$A ${B:-$C} ${D:+${E}} ${F#$G} ${H/$I/$J} \"$K\" '$L' \\$M ${N:?$O}") ==
        std::set<std::string>{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "N", "O"});
  CHECK(referenced_variables("none").empty());
}

TEST_CASE("hostile words end in an error, not in memory or stack") {
  std::string deep, closing;
  for (int i = 0; i < 20'000; ++i) deep += "${A:-", closing += "}";
  CHECK_THROWS_WITH(expand_word(deep + closing, in({})), Catch::Contains("nested too deeply"));
  const Variables large{{"L", std::string(100'000, 'x')}};
  std::string many;
  for (int i = 0; i < 11; ++i) many += "$L";
  CHECK_THROWS_WITH(expand_word(many, in(large)), Catch::Contains("longer than 1 MiB"));
  CHECK_THROWS_WITH(expand_word("${L//x/xxxxxxxxxxxx}", in(large)), Catch::Contains("longer than 1 MiB"));
}

TEST_CASE("a pattern of many stars is matched in bounded time") {
  const Variables variables{{"V", std::string(20'000, 'a')}};
  CHECK(expand_word("${V##*a*a*a*a*a*a*a*a*a*b}", in(variables)).size() == 20'000);
  CHECK(expand_word("${V%%b*a*a*a*a*a*a*a*a*a}", in(variables)).size() == 20'000);
}
