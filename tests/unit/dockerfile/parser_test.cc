// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/instruction.h"

#include "jcbuild/error.h"

#include <catch2/catch.hpp>

using namespace jcb::dockerfile;
using Strings = std::vector<std::string>;

namespace {

// The last instruction of "FROM a" and the given text.
Instruction last(const std::string& text) { return parse_dockerfile("FROM a\n" + text, "Dockerfile").instructions.back(); }

Strings arguments(const std::string& text) { return last(text).arguments; }

}  // namespace

TEST_CASE("a continuation joins lines without comments and blank lines inside") {
  CHECK(arguments("RUN a && \\\n  # why\n\n   \n  b \\\n#c\n  && c") == Strings{"a &&   b   && c"});
  CHECK(arguments("RUN on\\\ne") == Strings{"one"});
  CHECK(arguments("RUN a \\  \t\n b") == Strings{"a  b"});
  CHECK(arguments("RUN a \\") == Strings{"a"});
  CHECK(arguments("\\\nRUN a") == Strings{"a"});
}

TEST_CASE("an escaped escape character does not continue the line") {
  const auto file = parse_dockerfile("FROM a\nENV A c:\\\\\nENV B b", "f");
  REQUIRE(file.instructions.size() == 3);
  CHECK(file.instructions[1].arguments == Strings{"A", "c:\\\\"});
}

TEST_CASE("a trailing continuation swallows the next instruction, as it does in BuildKit") {
  const auto file = parse_dockerfile("FROM a\nRUN x \\\n\nWORKDIR /y", "f");
  REQUIRE(file.instructions.size() == 2);
  CHECK(file.instructions[1].arguments == Strings{"x WORKDIR /y"});
}

TEST_CASE("directives stand at the very top") {
  const auto file = parse_dockerfile("# Syntax = docker/dockerfile:1 \n#escape=`\n# check=skip=all\nFROM a`\n  AS b\nRUN c:\\\n", "f");
  CHECK(file.escape == '`');
  CHECK(file.directives == std::map<std::string, std::string>{{"syntax", "docker/dockerfile:1"}, {"escape", "`"}, {"check", "skip=all"}});
  REQUIRE(file.instructions.size() == 2);
  CHECK(file.instructions[0].arguments == Strings{"a", "AS", "b"});
  CHECK(parse_dockerfile("# a comment\n# escape=`\nFROM a", "f").escape == '\\');
  CHECK(parse_dockerfile("\n# escape=`\nFROM a", "f").escape == '\\');
  CHECK(parse_dockerfile("# other=x\n# escape=`\nFROM a", "f").escape == '\\');
  CHECK(parse_dockerfile("#!/usr/bin/jcbuild\n# syntax=x\nFROM a", "f").directives.at("syntax") == "x");
}

TEST_CASE("byte order mark, CRLF and lower case are read") {
  const auto file = parse_dockerfile("\xef\xbb\xbf# escape=`\r\nfrom a\r\nrun b `\r\n c\r\nCoPy <<E /d\r\nx\r\nE\r\n", "f");
  REQUIRE(file.instructions.size() == 3);
  CHECK(file.escape == '`');
  CHECK(file.instructions[1].keyword == Keyword::run);
  CHECK(file.instructions[1].arguments == Strings{"b  c"});
  CHECK(file.instructions[2].heredocs.at(0).content == "x\r\n");
}

TEST_CASE("positions are those of the first byte of an instruction") {
  const auto file = parse_dockerfile("\n# c\n  FROM a\n\nRUN a \\\n b\n\tUSER u", "f");
  CHECK(file.instructions[0].position == Position{3, 3});
  CHECK(file.instructions[1].position == Position{5, 1});
  CHECK(file.instructions[2].position == Position{7, 2});
  CHECK(file.instructions[1].original == "RUN a  b");
}

TEST_CASE("an instruction takes the exec form only from a JSON array of strings") {
  const auto json = last("CMD [ \"a b\", \"\\u00e9\\n\" ]");
  CHECK(json.json_form);
  CHECK(json.arguments == Strings{"a b", "\xc3\xa9\n"});
  for (const char* text : {"['a']", "[\"a\"", "[\"a\"] && b", "[ -f x ] || y", "\"[]\""}) {
    INFO(text);
    const auto shell = last(std::string("RUN ") + text);
    CHECK_FALSE(shell.json_form);
    CHECK(shell.arguments == Strings{text});
  }
  CHECK(last("COPY [\"a b\", \"/c d/\"]").arguments == Strings{"a b", "/c d/"});
  CHECK(last("VOLUME [\"/a\"]").json_form);
  CHECK(last("SHELL [\"/bin/bash\", \"-c\"]").arguments == Strings{"/bin/bash", "-c"});
  CHECK(last("ENTRYPOINT []").json_form);
}

TEST_CASE("ENV and LABEL take pairs, or one name and the rest of the line") {
  CHECK(arguments("ENV A=b C=\"d e\" F=g\\ h I= J='k=l'") == Strings{"A", "b", "C", "\"d e\"", "F", "g\\ h", "I", "", "J", "'k=l'"});
  const auto legacy = last("ENV A  b   c=d ");
  CHECK(legacy.legacy_form);
  CHECK(legacy.arguments == Strings{"A", "b   c=d"});
  CHECK(arguments("LABEL maintainer me <me@here>") == Strings{"maintainer", "me <me@here>"});
  CHECK_FALSE(last("LABEL a.b=\"c\"").legacy_form);
}

TEST_CASE("ARG takes several names, quotes kept") {
  CHECK(arguments("ARG A B=c D=\"e f\" \\\n  G=$(nproc) H=") == Strings{"A", "B=c", "D=\"e f\"", "G=$(nproc)", "H="});
}

TEST_CASE("flags end at the first word that is none, or at --") {
  const auto run = last("RUN --mount=type=cache,target=/x  --network=none apt --yes");
  CHECK(run.flags == Strings{"--mount=type=cache,target=/x", "--network=none"});
  CHECK(run.arguments == Strings{"apt --yes"});
  const auto copy = last("COPY --chown='a b':c --link -- --x y");
  CHECK(copy.flags == Strings{"--chown=a b:c", "--link"});
  CHECK(copy.arguments == Strings{"--x", "y"});
}

TEST_CASE("HEALTHCHECK has a type, options and a command of its own form") {
  const auto check = last("HEALTHCHECK --interval=1m30s --retries=3 CMD [\"curl\", \"x\"]");
  CHECK(check.flags == Strings{"--interval=1m30s", "--retries=3"});
  CHECK(check.arguments == Strings{"CMD", "curl", "x"});
  CHECK(check.json_form);
  CHECK(arguments("HEALTHCHECK  cmd  a  b") == Strings{"cmd", "a  b"});
  CHECK(arguments("HEALTHCHECK NONE") == Strings{"NONE"});
}

TEST_CASE("the remaining instructions keep their text or their words") {
  CHECK(arguments("WORKDIR /a b") == Strings{"/a b"});
  CHECK(arguments("USER a:b") == Strings{"a:b"});
  CHECK(arguments("STOPSIGNAL SIGKILL") == Strings{"SIGKILL"});
  CHECK(arguments("MAINTAINER Me Myself") == Strings{"Me Myself"});
  CHECK(arguments("EXPOSE 80  443/tcp") == Strings{"80", "443/tcp"});
  CHECK(arguments("VOLUME /a\t/b") == Strings{"/a", "/b"});
  CHECK(arguments("ADD a b /c/") == Strings{"a", "b", "/c/"});
}

TEST_CASE("ONBUILD keeps its trigger's text and parses again to the trigger") {
  const auto onbuild = last("ONBUILD  COPY --chown=a . \\\n /b");
  CHECK(onbuild.arguments == Strings{"COPY --chown=a .  /b"});
  const auto heredoc = last("ONBUILD RUN <<A\necho\nA\n");
  CHECK(heredoc.arguments == Strings{"RUN <<A\necho\nA"});
  const auto trigger = parse_trigger(heredoc.arguments[0], "base image");
  CHECK(trigger.keyword == Keyword::run);
  CHECK(trigger.heredocs.at(0).content == "echo\n");
  CHECK_THROWS_AS(parse_trigger("RUN a\nRUN b", "base image"), jcb::Error);
  CHECK_THROWS_AS(parse_trigger("FROM a", "base image"), jcb::Error);
}

TEST_CASE("the unchecked parser takes what no build would") {
  CHECK(parse_instructions("RUN --no-such-flag a\nCOPY a", "f").instructions.size() == 2);
}
