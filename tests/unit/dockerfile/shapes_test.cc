// SPDX-License-Identifier: Apache-2.0
// Odd shapes of the Dockerfiles that people write for Jetsons, written anew: headers in comments, one ARG of many names,
// a comment behind the last continued line, a blank line that swallows an instruction, values that only a shell reads.
#include "dockerfile/ast.h"
#include "dockerfile/expand.h"
#include "dockerfile/instruction.h"

#include <catch2/catch.hpp>

using namespace jcb::dockerfile;

namespace {

std::string ast(const std::string& text) { return to_ast(parse_dockerfile(text, "Dockerfile")); }

}  // namespace

TEST_CASE("a YAML header is comments, and the first line of it is no directive") {
  const std::string text =
      "#---\n# name: widget\n# group: build\n# requires: '>=36'\n# escape: `\n# notes: |\n#   a\n#\n#---\nARG BASE_IMAGE\nFROM "
      "${BASE_IMAGE}\n";
  CHECK(parse_dockerfile(text, "f").escape == '\\');
  CHECK(ast(text) == "(arg \"BASE_IMAGE\")\n(from \"${BASE_IMAGE}\")\n");
}

TEST_CASE("one ARG declares many names over many lines") {
  CHECK(ast("ARG BASE_IMAGE\nFROM $BASE_IMAGE\nARG WIDGET_VERSION \\\n    WIDGET_BRANCH=v${WIDGET_VERSION} \\\n\\\n    IS_SBSA \\\n    "
            "MAKEFLAGS=-j$(nproc) \\\n    FORCE_BUILD=off\n") ==
        "(arg \"BASE_IMAGE\")\n(from \"$BASE_IMAGE\")\n"
        "(arg \"WIDGET_VERSION\" \"WIDGET_BRANCH=v${WIDGET_VERSION}\" \"IS_SBSA\" \"MAKEFLAGS=-j$(nproc)\" \"FORCE_BUILD=off\")\n");
}

TEST_CASE("an indented comment behind the last pair of an ENV is a comment") {
  CHECK(ast("FROM a\nENV DEBIAN_FRONTEND=noninteractive \\\n    FLAGS=\"--quiet --codes=500,502\" \\\n    PATH=/opt/x:${PATH}\n    "
            "#TERM=dumb\n\nRUN b\n") ==
        "(from \"a\")\n(env \"DEBIAN_FRONTEND\" \"noninteractive\" \"=\" \"FLAGS\" \"\\\"--quiet --codes=500,502\\\"\" \"=\" \"PATH\" "
        "\"/opt/x:${PATH}\" \"=\")\n(run \"b\")\n");
}

TEST_CASE("a blank line behind a trailing backslash swallows the next instruction, and the file says so") {
  const auto file = parse_dockerfile("FROM a\nRUN pip install x && \\\n    pip check \\\n\nWORKDIR /opt\n", "f");
  REQUIRE(file.instructions.size() == 2);
  CHECK(file.instructions[1].arguments.at(0) == "pip install x &&     pip check WORKDIR /opt");
  CHECK(file.instructions[1].empty_continuation_line == 4);
}

TEST_CASE("a RUN of conditions, comments and brackets stays one command line") {
  CHECK(ast("FROM a\nRUN if [ \"$V\" = 1 ]; then \\\n      echo '[1]'; \\\n    # else nothing\n    fi && \\\n    [ -f /x ] || true\n") ==
        "(from \"a\")\n(run \"if [ \\\"$V\\\" = 1 ]; then       echo '[1]';     fi &&     [ -f /x ] || true\")\n");
}

TEST_CASE("old ENV lines keep the blanks of their values only inside") {
  CHECK(ast("FROM a\nENV MAIN_CONFIG        /config/main.json\nENV OPTS -x  -y\nENV SHELL /bin/bash\n") ==
        "(from \"a\")\n(env \"MAIN_CONFIG\" \"/config/main.json\" \"\")\n(env \"OPTS\" \"-x  -y\" \"\")\n(env \"SHELL\" \"/bin/bash\" "
        "\"\")\n");
}

TEST_CASE("paths that grow only when they were set expand as a shell would") {
  const auto expand = [](std::string_view word, std::optional<std::string> value) {
    return expand_word(word, [&](std::string_view) { return value; });
  };
  const char* appended = "/opt/lib${LIBS:+:${LIBS}}";
  CHECK(expand(appended, std::nullopt) == "/opt/lib");
  CHECK(expand(appended, "") == "/opt/lib");
  CHECK(expand(appended, "/a") == "/opt/lib:/a");
  CHECK(expand("\"${F:+${F} }-L/x -Wl,-rpath,/x\"", "-g") == "-g -L/x -Wl,-rpath,/x");
}

TEST_CASE("stages, owners and health of a service") {
  CHECK(ast("ARG BASE_IMAGE\nARG UID=0\nFROM --platform=$BUILDPLATFORM node:22-alpine AS build\nWORKDIR /app\nCOPY package.json lock.json "
            "./\n"
            "FROM ${BASE_IMAGE} AS base\nARG UID\nCOPY --chown=$UID:$UID --from=build /app/build /app/build\nEXPOSE 8080\n"
            "HEALTHCHECK CMD curl -fs http://localhost:${PORT:-8080}/health | jq -e 'input.status == true' || exit 1\nUSER $UID:$UID\n"
            "CMD [ \"bash\", \"start.sh\"]\n") ==
        "(arg \"BASE_IMAGE\")\n(arg \"UID=0\")\n(from [\"--platform=$BUILDPLATFORM\"] \"node:22-alpine\" \"AS\" \"build\")\n(workdir "
        "\"/app\")\n"
        "(copy \"package.json\" \"lock.json\" \"./\")\n(from \"${BASE_IMAGE}\" \"AS\" \"base\")\n(arg \"UID\")\n"
        "(copy [\"--chown=$UID:$UID\" \"--from=build\"] \"/app/build\" \"/app/build\")\n(expose \"8080\")\n"
        "(healthcheck \"CMD\" \"curl -fs http://localhost:${PORT:-8080}/health | jq -e 'input.status == true' || exit 1\")\n(user "
        "\"$UID:$UID\")\n"
        "(cmd \"bash\" \"start.sh\")\n");
}
