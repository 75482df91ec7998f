// SPDX-License-Identifier: Apache-2.0
// The rows of the attack list that are about text, each under its id, and the limits of files, lines and expansion.
#include "dockerfile/ast.h"
#include "dockerfile/expand.h"
#include "dockerfile/instruction.h"
#include "dockerfile/lint.h"
#include "jcbuild/error.h"

#include <catch2/catch.hpp>

using jcb::Error;
using namespace jcb::dockerfile;
using namespace std::string_literals;

namespace {

std::string repeat(std::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

std::string message(const std::string& text) {
  try {
    parse_dockerfile(text, "Dockerfile");
  } catch (const Error& error) {
    CHECK(error.kind() == jcb::ErrorKind::invalid);
    return error.message();
  }
  return "accepted";
}

const Lookup k_unset = [](std::string_view) -> std::optional<std::string> { return std::nullopt; };

}  // namespace

TEST_CASE("B17: a million continuation lines are one instruction, or too long for one") {
  const auto file = parse_dockerfile("FROM a\nRUN x" + repeat("\\\n", 1'000'000) + "y", "f");
  REQUIRE(file.instructions.size() == 2);
  CHECK(file.instructions[1].arguments == std::vector<std::string>{"xy"});
  CHECK(file.instructions[1].last_line == 1'000'002);
  CHECK(message("FROM a\nRUN x" + repeat("yy\\\n", 1'000'000)) == "Dockerfile:2:1: the instruction is longer than 1 MiB");
  CHECK(message("FROM a\nENV A=b" + repeat("\\\n", 1'000'000) + "  c") == "Dockerfile:1000002:3: 'c' has no '='");
}

TEST_CASE("B17: a million comments or blank lines inside an instruction cost nothing") {
  const auto file = parse_dockerfile("FROM a\nRUN x \\\n" + repeat("#\n\n", 1'000'000) + "y", "f");
  CHECK(file.instructions.at(1).arguments == std::vector<std::string>{"x y"});
  CHECK(parse_dockerfile(repeat("# c\n", 1'000'000) + "FROM a", "f").instructions.at(0).comments.size() == 1'000'000);
}

TEST_CASE("B17: nested substitutions are refused before the stack is") {
  const std::string bomb = repeat("${a:-", 200'000) + repeat("}", 200'000);
  const std::string quoted = repeat("\"${a:-", 100'000) + repeat("}\"", 100'000);
  const std::string patterns = repeat("${a/${a#", 100'000) + repeat("}/}", 100'000);
  for (const std::string& word : {bomb, quoted, patterns, bomb.substr(0, 1'000'000)}) {
    CHECK_THROWS_AS(expand_word(word, k_unset), Error);
    CHECK_THROWS_AS(expand_words(word, k_unset), Error);
    CHECK_THROWS_AS(expand_heredoc(word, k_unset), Error);
    CHECK_THROWS_AS(referenced_variables(word), Error);
  }
  const auto file = parse_dockerfile("FROM scratch\nENV A=" + bomb.substr(0, 1'000'000) + "\nWORKDIR /" + bomb.substr(0, 1'000'000), "f");
  CHECK(lint(file).warnings.empty());
  CHECK(message("FROM a\nRUN <<" + bomb.substr(0, 1'000'000) + "\n") == "accepted");
}

TEST_CASE("B17: an expansion that grows ends at 1 MiB") {
  const std::string value(1 << 19, 'x');
  const Lookup lookup = [&](std::string_view) { return std::optional(value); };
  CHECK(expand_word("$a$a", lookup).size() == 1 << 20);
  for (const char* word : {"$a$a$a", "\"$a$a$a\"", "${b:+$a$a$a}", "${a/x/$a$a}", "${a//x/xxx}"}) {
    INFO(word);
    CHECK_THROWS_WITH(expand_word(word, lookup), Catch::Contains("longer than 1 MiB"));
  }
}

TEST_CASE("B17: a pattern that is costly for its value is refused") {
  const std::string value(1'000'000, 'a');
  const Lookup lookup = [&](std::string_view) { return std::optional(value); };
  CHECK_THROWS_WITH(expand_word("${a//" + std::string(4000, 'a') + "/b}", lookup), Catch::Contains("too long for a value"));
  CHECK_THROWS_WITH(expand_word("${a##" + std::string(4000, '?') + "}", lookup), Catch::Contains("too long for a value"));
  CHECK(expand_word("${a//" + std::string(100, 'a') + "/b}", lookup).size() == 10'000);
}

TEST_CASE("B17: a heredoc that does not end is refused where it begins") {
  CHECK(message("FROM a\nRUN cat <<EOF\nx\n EOF\nEOF2\n") == "Dockerfile:2:9: the heredoc 'EOF' does not end");
  CHECK(message("FROM a\nCOPY <<A <<B /\nA\n") == "Dockerfile:2:6: the heredoc 'B' does not end");
  CHECK(message("FROM a\nRUN <<EOF") == "Dockerfile:2:5: the heredoc 'EOF' does not end");
  CHECK(message("FROM a\nRUN <<-EOF\n  EOF\n") == "Dockerfile:2:5: the heredoc 'EOF' does not end");
  CHECK(message("FROM a\nONBUILD RUN <<EOF\nx") == "Dockerfile:2:13: the heredoc 'EOF' does not end");
  CHECK_THAT(message("FROM a\nCOPY" + repeat(" <<E", 100'000) + " /d\nE\n"), Catch::Contains("does not end"));
}

TEST_CASE("B17: a byte order mark counts at the start alone") {
  CHECK(parse_dockerfile("\xef\xbb\xbf# escape=`\nFROM a", "f").escape == '`');
  CHECK(parse_dockerfile("\xef\xbb\xbf"
                         "FROM a",
                         "f")
            .instructions.at(0)
            .position == Position{1, 1});
  CHECK(message("FROM a\n\xef\xbb\xbfRUN x") == "Dockerfile:2:1: unknown instruction '\\ufeffRUN'");
  CHECK_THAT(message("\xef\xbb\xbf\xef\xbb\xbf"
                     "FROM a"),
             Catch::StartsWith("Dockerfile:1:1: unknown instruction"));
  CHECK_THAT(message("\xff\xfe"
                     "F\0R\0"s),
             Catch::Contains("a NUL byte"));
  CHECK_THAT(message("\xef\xbb\xbf"), Catch::Contains("no instructions"));
}

TEST_CASE("B17: NUL bytes are refused with their place") {
  CHECK(message("FROM a\nRUN \0x"s) == "Dockerfile:2:5: a NUL byte: this is not a text file");
  CHECK(message("FROM a\n# \0"s) == "Dockerfile:2:3: a NUL byte: this is not a text file");
  CHECK(message("FROM a\nRUN <<E\n\0\nE"s) == "Dockerfile:3:1: a NUL byte: this is not a text file");
  CHECK(message("\0"s) == "Dockerfile:1:1: a NUL byte: this is not a text file");
}

TEST_CASE("B17: CR is part of a line's end and nothing else") {
  CHECK(to_ast(parse_dockerfile("FROM a\r\nRUN b \\\r\n# c\r\n\r\n c\r\nENV A=b\r\n", "f")) ==
        "(from \"a\")\n(run \"b  c\")\n(env \"A\" \"b\" \"=\")\n");
  CHECK(to_ast(parse_dockerfile("FROM a\r\r\nRUN b\rc\n", "f")) == "(from \"a\")\n(run \"b\\rc\")\n");
  CHECK_THAT(message("FROM a\rRUN b"), Catch::Contains("FROM takes an image"));
  CHECK(parse_dockerfile("FROM a\nRUN <<E\r\nx\r\nE\r\n", "f").instructions.at(1).heredocs.at(0).content == "x\r\n");
}

TEST_CASE("limits of a file are told with their number") {
  CHECK(message(std::string((4 << 20) + 1, '#')) == "Dockerfile:1:1: the file is larger than 4 MiB");
  CHECK(parse_dockerfile("FROM a\n" + std::string((4 << 20) - 7, '\n'), "f").instructions.size() == 1);
  CHECK(message("FROM a\n#" + std::string(1 << 20, 'x')) == "Dockerfile:2:1: the line is longer than 1 MiB");
  CHECK(message("FROM a\nRUN <<E\n" + std::string((1 << 20) + 1, 'x') + "\nE") == "Dockerfile:3:1: the line is longer than 1 MiB");
  CHECK(parse_dockerfile("FROM a\nRUN " + std::string((1 << 20) - 5, 'x') + "\n", "f").instructions.size() == 2);
  CHECK(parse_dockerfile("FROM a\n" + repeat("ARG A\n", 9'999), "f").instructions.size() == 10'000);
  CHECK(message("FROM a\n" + repeat("ARG A\n", 10'000)) == "Dockerfile:10001:1: more than 10,000 instructions");
}

TEST_CASE("JSON arrays that nest or are huge end in an error or a command line, not in the stack") {
  CHECK(message("FROM a\nRUN " + repeat("[", 500'000)) == "accepted");
  CHECK(message("FROM a\nRUN " + repeat("[", 500'000) + repeat("]", 500'000)) == "accepted");
  CHECK_THAT(message("FROM a\nRUN [[\"a\"]]"), Catch::Contains("not a string"));
  CHECK(parse_dockerfile("FROM a\nRUN [\"a\"" + repeat(",\"b\"", 200'000) + "]", "f").instructions.at(1).arguments.size() == 200'001);
}
