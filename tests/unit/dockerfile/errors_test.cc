// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/duration.h"
#include "dockerfile/instruction.h"
#include "jcbuild/error.h"

#include <catch2/catch.hpp>

using jcb::Error;
using namespace jcb::dockerfile;

namespace {

Error error_of(const std::string& text) {
  try {
    parse_dockerfile(text, "Dockerfile");
  } catch (const Error& error) {
    return error;
  }
  FAIL("accepted: " + text);
  throw std::logic_error("unreachable");
}

std::string message(const std::string& text) { return error_of(text).message(); }

// Names line 2 and a column, and shows the line with a caret under that column.
void check_place(const Error& error) {
  CHECK(error.kind() == jcb::ErrorKind::invalid);
  REQUIRE_THAT(error.message(), Catch::StartsWith("Dockerfile:2:"));
  const auto column = std::stoul(error.message().substr(std::string("Dockerfile:2:").size()));
  REQUIRE(error.details().size() == 2);
  CHECK_THAT(error.details()[0], Catch::StartsWith("2 | "));
  CHECK(error.details()[1].find('^') == std::string("2 | ").size() + column - 1);
}

}  // namespace

TEST_CASE("an error names the place and shows it") {
  const Error error = error_of("FROM a\nENV A=b \\\n  # c\n\tC=d oops\n");
  CHECK(error.kind() == jcb::ErrorKind::invalid);
  CHECK(error.message() == "Dockerfile:4:6: 'oops' has no '='");
  CHECK(error.details() == std::vector<std::string>{"4 |  C=d oops", "  |      ^"});
}

TEST_CASE("the caret stands under characters and in a window of long lines") {
  CHECK(error_of("FROM a\nENV A=\xc3\xa9 b").details() == std::vector<std::string>{"2 | ENV A=\xc3\xa9 b", "  |         ^"});
  const auto details = error_of("FROM a\nENV A=" + std::string(5000, 'x') + " b").details();
  REQUIRE(details.size() == 2);
  CHECK(details[0].size() < 200);
  CHECK(details[0][details[1].find('^')] == 'b');
}

TEST_CASE("control characters of a file do not reach the terminal") {
  const Error error = error_of("FROM a\nFOO\x1b[2J x");
  CHECK(error.message().find('\x1b') == std::string::npos);
  CHECK(error.details()[0].find('\x1b') == std::string::npos);
}

TEST_CASE("unknown instructions and flags are answered with the nearest name") {
  CHECK(message("FROM a\nCOPPY a b") == "Dockerfile:2:1: unknown instruction 'COPPY'");
  CHECK(error_of("FROM a\nCOPPY a b").hint() == "did you mean COPY?");
  CHECK(error_of("form a").hint() == "did you mean FROM?");
  CHECK(message("FROM a\nRUN --network=none --mont=x y") == "Dockerfile:2:20: RUN has no flag '--mont'");
  CHECK(error_of("FROM a\nRUN --mont=x y").hint() == "did you mean --mount?");
}

TEST_CASE("every instruction and every flag is found by a name with one wrong letter") {
  for (const char* name : {"FORM", "AGR", "EVN", "RUUN", "COPI", "ADDD", "WORKDIER", "USR", "SHEL", "CDM", "ENTRYPIONT", "LABLE", "EXPOS",
                           "VOLUMES", "STOPSIGNL", "HEALTCHECK", "ONBILD", "MAINTANER", "helthcheck"}) {
    INFO(name);
    CHECK_THAT(error_of(std::string("FROM a\n") + name + " b").hint(), Catch::StartsWith("did you mean "));
  }
  for (const char* text :
       {"FROM --platfrom=a b", "RUN --mont=a b", "RUN --netwrk=a b", "RUN --securty=a b", "RUN --devic=a b", "COPY --form=a b c",
        "COPY --chwon=a b c", "COPY --chmd=a b c", "COPY --lnk b c", "COPY --parent b c", "COPY --exclud=a b c", "ADD --checksm=a b c",
        "ADD --keep-gitdir b c", "ADD --unpak b c", "HEALTHCHECK --intervall=1s CMD a", "HEALTHCHECK --timeot=1s CMD a",
        "HEALTHCHECK --start-perod=1s CMD a", "HEALTHCHECK --retris=1 CMD a"}) {
    INFO(text);
    const Error error = error_of(std::string("FROM a\n") + text);
    CHECK_THAT(error.hint(), Catch::StartsWith("did you mean --"));
    check_place(error);
  }
  CHECK(error_of("FROM a\nQWERTYUIOP b").hint().empty());
  CHECK(error_of("FROM a\nCOPY --qwertyuiop b c").hint() == "it has --from, --chown, --chmod, --link, --parents, --exclude");
}

TEST_CASE("a file starts with FROM after ARGs only") {
  CHECK(message("# c\nRUN x\nFROM a") == "Dockerfile:2:1: RUN stands before the first FROM");
  CHECK(parse_dockerfile("ARG A=b\nFROM $A", "f").instructions.size() == 2);
  CHECK_THAT(message("ARG A"), Catch::Contains("has no FROM"));
  CHECK_THAT(message(""), Catch::Contains("no instructions"));
  CHECK_THAT(message("# only\n\n"), Catch::Contains("no instructions"));
}

TEST_CASE("instructions with the wrong arguments are refused") {
  for (const char* text : {"FROM a b",
                           "FROM a AS 1b",
                           "FROM a AS b/c",
                           "FROM",
                           "RUN",
                           "RUN []",
                           "RUN [1]",
                           "CMD [\"a\", [\"b\"]]",
                           "COPY a",
                           "ADD",
                           "COPY a <<E\nE",
                           "ENV",
                           "ENV A",
                           "ENV =b",
                           "ENV A=b c",
                           "LABEL =x",
                           "ARG",
                           "ARG =x",
                           "WORKDIR",
                           "USER",
                           "EXPOSE",
                           "VOLUME",
                           "VOLUME [\"\"]",
                           "STOPSIGNAL",
                           "MAINTAINER",
                           "SHELL",
                           "SHELL a",
                           "SHELL []",
                           "ONBUILD",
                           "ONBUILD ONBUILD RUN a",
                           "ONBUILD FROM a",
                           "ONBUILD MAINTAINER a",
                           "ONBUILD COPY a",
                           "ONBUILD FOO a",
                           "HEALTHCHECK",
                           "HEALTHCHECK NONE a",
                           "HEALTHCHECK CMD",
                           "HEALTHCHECK TCP a"}) {
    INFO(text);
    check_place(error_of(std::string("FROM a\n") + text));
  }
}

TEST_CASE("flags with the wrong value are refused") {
  for (const char* text :
       {"USER --x a", "FROM --platform a", "COPY --link=maybe a b", "COPY --from a b", "COPY --from=a --from=b c d", "ADD --from=a b c",
        "HEALTHCHECK --interval=5 CMD a", "HEALTHCHECK --interval=-5s CMD a", "HEALTHCHECK --timeout=1us CMD a",
        "HEALTHCHECK --retries=-1 CMD a", "HEALTHCHECK --retries=x CMD a", "CMD --x a"}) {
    INFO(text);
    check_place(error_of(std::string("FROM a\n") + text));
  }
  for (const char* text : {"RUN --mount=type=cache --mount=type=bind a", "COPY --link --parents=false --exclude=a --exclude=b c d",
                           "HEALTHCHECK --retries=0 CMD a", "HEALTHCHECK --interval=0s CMD a", "ADD --checksum=sha256:x --unpack=TRUE a b",
                           "FROM --platform=$BUILDPLATFORM a AS B"}) {
    INFO(text);
    CHECK_NOTHROW(parse_dockerfile(std::string("FROM a\n") + text, "f"));
  }
}

TEST_CASE("directives are checked") {
  CHECK(message("# escape=x\nFROM a") == "Dockerfile:1:1: escape character 'x' is not allowed");
  CHECK(message("# syntax=a\n# syntax=b\nFROM a") == "Dockerfile:2:1: the directive 'syntax' is given twice");
}

TEST_CASE("a heredoc that does not end is refused where it begins") {
  CHECK(message("FROM a\nCOPY <<EOF /x\nfoo\n") == "Dockerfile:2:6: the heredoc 'EOF' does not end");
}

TEST_CASE("limits hold") {
  CHECK(message(std::string("FROM a\nRUN \0x", 13)) == "Dockerfile:2:5: a NUL byte: this is not a text file");
  CHECK_THAT(message("FROM a\nRUN " + std::string((1 << 20) + 1, 'x')), Catch::StartsWith("Dockerfile:2:1: the line is longer than 1 MiB"));
  std::string joined = "FROM a\nRUN x";
  for (int i = 0; i < 3; ++i) joined += "\\\n" + std::string(400'000, 'x');
  CHECK_THAT(message(joined), Catch::Contains("instruction is longer than 1 MiB"));
  CHECK_THAT(message(std::string((4 << 20) + 1, '\n')), Catch::Contains("larger than 4 MiB"));
  std::string many;
  for (int i = 0; i < 10'001; ++i) many += "ARG A\n";
  CHECK_THAT(message(many), Catch::Contains("more than 10,000 instructions"));
}

TEST_CASE("nested ONBUILDs do not recurse") {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "ONBUILD ";
  CHECK_THROWS_AS(parse_instructions(text + "RUN a", "f"), Error);
}

TEST_CASE("durations are read as Go reads them") {
  using namespace std::chrono_literals;
  const auto duration = [](const char* text) { return parse_duration(text, "interval"); };
  CHECK(duration("30s") == 30s);
  CHECK(duration("1m30s") == 90s);
  CHECK(duration("1.5h") == 90min);
  CHECK(duration("250ms") == 250ms);
  CHECK(duration(".5s") == 500ms);
  CHECK(duration("100us") == 100us);
  CHECK(duration("0") == 0s);
  for (const char* bad : {"", "5", "s", "1d", "1s2", "-1s", "1..5s", "1e3s", ".s", "999999999h"}) {
    INFO(bad);
    CHECK_THROWS_AS(duration(bad), Error);
  }
}
