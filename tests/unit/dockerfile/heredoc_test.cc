// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/instruction.h"

#include <catch2/catch.hpp>

using namespace jcb::dockerfile;

namespace {

std::vector<Heredoc> heredocs(const std::string& text) { return parse_dockerfile("FROM a\n" + text, "f").instructions.back().heredocs; }

Heredoc only(const std::string& text) {
  const auto found = heredocs(text);
  REQUIRE(found.size() == 1);
  return found[0];
}

}  // namespace

TEST_CASE("a heredoc holds the lines up to its delimiter, comments and escapes included") {
  const auto file = parse_dockerfile("FROM a\nRUN <<EOF\n# no comment\na \\\n\nEOF \n EOF\nEOF\nUSER u\n", "f");
  REQUIRE(file.instructions.size() == 3);
  CHECK(file.instructions[1].arguments == std::vector<std::string>{"<<EOF"});
  CHECK(file.instructions[1].heredocs == std::vector<Heredoc>{{"EOF", "# no comment\na \\\n\nEOF \n EOF\n", true, false}});
  CHECK(file.instructions[2].position == Position{9, 1});
}

TEST_CASE("several heredocs follow in the order in which they were opened") {
  CHECK(heredocs("COPY <<A <<B /d/\nB\nA\nA\nB\n") == std::vector<Heredoc>{{"A", "B\n", true, false}, {"B", "A\n", true, false}});
}

TEST_CASE("<<- strips leading tabs from lines and delimiter") {
  CHECK(only("RUN <<-E cat\n\t\ta\n \tb\n\tE\n") == Heredoc{"E", "a\n \tb\n", true, true});
}

TEST_CASE("a quoted delimiter keeps variables in the body") {
  CHECK_FALSE(only("RUN <<'E'\n$X\nE\n").expand);
  CHECK_FALSE(only("RUN <<\"E\"\n$X\nE\n").expand);
  CHECK_FALSE(only("RUN <<-E'F'\n$X\nEF\n").expand);
  CHECK(only("RUN <<E\\'F\n$X\nE'F\n").expand);
  CHECK(only("RUN <<'two words'\nx\ntwo words\n").name == "two words");
}

TEST_CASE("an interpreter or a redirection may stand beside the delimiter") {
  CHECK(only("RUN <<E python3\nprint()\nE\n").content == "print()\n");
  CHECK(only("RUN cat <<E > /f\nx\nE\n").content == "x\n");
  CHECK(only("RUN 3<<E x\ny\nE\n").name == "E");
  CHECK(only("RUN <<  E\nx\nE\n").name == "E");
  CHECK(only("RUN --mount=type=cache,target=/c <<E\nx\nE\n").content == "x\n");
  CHECK(only("RUN <<E\nE\n").content.empty());
  CHECK(only("RUN a \\\n  <<E\nx\nE").content == "x\n");
}

TEST_CASE("only RUN, COPY and ADD open heredocs, and only outside quotes and JSON") {
  CHECK(heredocs("RUN \"<<E\"").empty());
  CHECK(heredocs("RUN [\"<<E\"]").empty());
  CHECK(heredocs("RUN cat <<<word").empty());
  CHECK(heredocs("USER <<E").empty());
  CHECK(heredocs("RUN echo it's <<E").empty());
}

TEST_CASE("the heredoc that a word opens is told from a path") {
  CHECK(find_heredoc("<<a.txt") == Heredoc{"a.txt", "", true, false});
  CHECK(find_heredoc("<<-'a'") == Heredoc{"a", "", false, true});
  CHECK_FALSE(find_heredoc("a<<b"));
  CHECK_FALSE(find_heredoc("<<"));
  CHECK_FALSE(find_heredoc("<<'open"));
  CHECK_FALSE(find_heredoc("/path"));
}
