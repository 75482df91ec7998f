// SPDX-License-Identifier: Apache-2.0
// A case is a file and what the check says of it: "LINE RULE", one a line.
#include "dockerfile/lint.h"

#include "util/json.h"

#include <catch2/catch.hpp>

using jcb::Error;
using namespace jcb::dockerfile;

namespace {

LintResult check(const std::string& text, const LintOptions& options = {}) { return lint(parse_dockerfile(text, "Dockerfile"), options); }

std::string rules(const std::string& text, const LintOptions& options = {}) {
  std::string found;
  for (const LintWarning& warning : check(text, options).warnings) {
    found += (found.empty() ? "" : ", ") + std::to_string(warning.position.line) + " " + warning.rule;
  }
  return found;
}

std::string only_message(const std::string& text, const LintOptions& options = {}) {
  const LintResult result = check(text, options);
  INFO(text);
  REQUIRE(result.warnings.size() == 1);
  return result.warnings[0].message;
}

struct Case {
  const char* text;
  const char* rules;
};

void check_all(std::initializer_list<Case> cases, const LintOptions& options = {}) {
  for (const auto& [text, wanted] : cases) {
    INFO(text);
    CHECK(rules(text, options) == wanted);
  }
}

LintOptions knowing(const LintBaseImage& image) {
  LintOptions options;
  options.find_base = [image](std::string_view) { return image; };
  return options;
}

}  // namespace

TEST_CASE("a file without faults has no warnings") {
  CHECK(rules("ARG TAG=1\nFROM alpine:$TAG AS base\nRUN echo $HOME\nWORKDIR /a\nFROM base\nCMD [\"a\"]\n").empty());
}

TEST_CASE("stage names are lower case, unique and not reserved; AS goes with FROM") {
  check_all({{"FROM scratch AS Bad", "1 StageNameCasing"},
             {"FROM scratch as a", "1 FromAsCasing"},
             {"from scratch AS a", "1 FromAsCasing"},
             {"from scratch as a", ""},
             {"FROM scratch AS b\nFROM scratch AS b", "2 DuplicateStageName"},
             {"FROM scratch AS b\nFROM scratch AS B", "2 StageNameCasing, 2 DuplicateStageName"},
             {"FROM scratch AS scratch\nFROM scratch AS context", "1 ReservedStageName, 2 ReservedStageName"},
             {"FROM scratch\nFROM scratch AS a", ""}});
  CHECK_THAT(only_message("FROM scratch AS Bad"), Catch::Contains("'Bad'"));
  CHECK_THAT(only_message("FROM scratch as a"), Catch::Contains("'as'") && Catch::Contains("'FROM'"));
}

TEST_CASE("instructions are written in the case of most of them") {
  check_all({{"From scratch as base\nFROM scratch AS base2", "1 ConsistentInstructionCasing"},
             {"FROM scratch\ncopy a /foo\nCOPY a /bar", "2 ConsistentInstructionCasing"},
             {"frOM scratch as base\nfrom scratch as base2", "1 ConsistentInstructionCasing"},
             {"from scratch\nCOPY a /foo\ncopy a /bar", "2 ConsistentInstructionCasing"},
             {"from scratch\nCOPY a /1\nCOPY a /2\nCOPY a /3", "1 ConsistentInstructionCasing"},
             {"FROM scratch\ncopy a /1\ncopy a /2\ncopy a /3", "1 ConsistentInstructionCasing"},
             {"from scratch\ncopy a /foo", ""},
             {"arg A=b\nFROM scratch", ""},
             {"FROM scratch\nRUN <<'EOT'\nenv\nEOT\n", ""},
             {"FROM scratch\ncopy a b", "2 ConsistentInstructionCasing"}});
  CHECK_THAT(only_message("FROM scratch\ncopy a b"), Catch::Contains("'copy'") && Catch::Contains("upper case"));
}

TEST_CASE("a blank line inside a continued instruction is told where it stands") {
  check_all({{"FROM scratch\nCOPY a \\\n\n/b\nCOPY a \\\n/c", "3 NoEmptyContinuation"},
             {"FROM scratch\nCOPY a \\\n# c\n/b", ""},
             {"FROM scratch\nCOPY a \\\n# c\n \t\n\n/b", "4 NoEmptyContinuation"},
             {"FROM scratch\nRUN x \\\n\nWORKDIR y", "3 NoEmptyContinuation"},
             {"FROM scratch\nRUN <<E \\\n a\n\nE", ""}});
}

TEST_CASE("CMD and ENTRYPOINT are JSON arrays unless a SHELL was chosen") {
  check_all({{"FROM scratch\nCMD a", "2 JSONArgsRecommended"},
             {"FROM scratch\nENTRYPOINT a", "2 JSONArgsRecommended"},
             {"FROM scratch\nHEALTHCHECK CMD a", ""},
             {"FROM scratch\nSHELL [\"/s\"]\nCMD a\nENTRYPOINT a", ""},
             {"FROM scratch AS base\nSHELL [\"/s\"]\nFROM base\nCMD a", ""},
             {"FROM scratch AS base\nSHELL [\"/s\"]\nFROM scratch\nCMD a", "4 JSONArgsRecommended"}});
  CHECK(rules("FROM a\nCMD a", knowing({.environment = {}, .has_shell = true})).empty());
}

TEST_CASE("MAINTAINER and the old form of ENV and LABEL are out of use") {
  check_all({{"FROM scratch\nMAINTAINER me", "2 MaintainerDeprecated"},
             {"FROM scratch\nENV a b\nLABEL a b", "2 LegacyKeyValueFormat, 3 LegacyKeyValueFormat"},
             {"FROM scratch\nENV a=b\nLABEL a=b", ""}});
}

TEST_CASE("FROM uses declared variables, those of the platform included") {
  check_all({{"ARG base=scratch\nFROM $base", ""},
             {"ARG BUILDPLATFORM=linux/amd64\nFROM --platform=$BUILDPLATFORM scratch", ""},
             {"FROM --platform=$BUILDPLATFORM scratch", ""},
             {"ARG DEBUG\nFROM scratch${DEBUG}", ""},
             {"ARG DEBUG\nFROM scra${DEBUG:-tch}", ""},
             {"ARG DEBUG=\"\"\nFROM scratch${DEBUG-@bogus}", ""},
             {"FROM a:1\nARG tag=2\nFROM a:x$tag", "3 UndefinedArgInFrom"}});
  CHECK_THAT(only_message("FROM --platform=$BULIDPLATFORM scratch"), Catch::EndsWith("(did you mean BUILDPLATFORM?)"));
  CHECK_THAT(only_message("ARG MY_ARCH=amd64\nFROM --platform=linux/${MYARCH} a"),
             Catch::Contains("'MYARCH'") && Catch::Contains("MY_ARCH?"));
  CHECK_THAT(only_message("ARG tag=latest\nFROM a:${tag}${version} AS b"), Catch::Contains("'version'") && !Catch::Contains("mean"));
}

TEST_CASE("with the defaults of all ARGs a FROM still names an image") {
  LintOptions options;
  options.build_args = {{"VERSION", "latest"}, {"IMAGE", "busybox"}, {"SFX", "box:latest"}};
  check_all({{"ARG VERSION\nFROM busybox:$VERSION", "2 InvalidDefaultArgInFrom"},
             {"ARG IMAGE\nFROM $IMAGE", "2 InvalidDefaultArgInFrom"},
             {"ARG SFX=\"box:\"\nFROM busy${SFX}", "2 InvalidDefaultArgInFrom"},
             {"ARG VERSION=\"latest\"\nFROM busybox:${VERSION}", ""},
             {"ARG V=\"\"\nFROM busybox:stable${V}", ""},
             {"ARG A\nFROM ${A:-busybox:1}", ""},
             {"ARG A=a-\nFROM h.io:5000/x/${A}${TARGETARCH}:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", ""},
             {"ARG A=Upper\nFROM $A", "2 InvalidDefaultArgInFrom"},
             {"ARG A=a//b\nFROM $A", "2 InvalidDefaultArgInFrom"},
             {"ARG A=a..b\nFROM $A", "2 InvalidDefaultArgInFrom"},
             {"ARG A=a@sha256:12\nFROM $A", "2 InvalidDefaultArgInFrom"}},
            options);
}

TEST_CASE("the platform of FROM is neither the default nor a constant") {
  check_all({{"FROM --platform=$TARGETPLATFORM scratch", "1 RedundantTargetPlatform"},
             {"FROM --platform=${TARGETPLATFORM} scratch", "1 RedundantTargetPlatform"},
             {"FROM --platform=${TARGETPLATFORM}x scratch", ""},
             {"FROM --platform=linux/amd64 scratch", "1 FromPlatformFlagConstDisallowed"},
             {"FROM --platform=arm64 scratch AS a", "1 FromPlatformFlagConstDisallowed"},
             {"FROM --platform=linux/aarch64 scratch AS build-arm64", ""},
             {"FROM --platform=linux/amd64 scratch AS linux", ""},
             {"FROM --platform=no/such/thing/here scratch", ""},
             {"FROM --platform=linux/$TARGETARCH scratch", ""}});
}

TEST_CASE("the first WORKDIR is absolute") {
  check_all({{"FROM scratch\nWORKDIR app/", "2 WorkdirRelativePath"},
             {"FROM scratch\nWORKDIR app\nWORKDIR b", "2 WorkdirRelativePath"},
             {"FROM scratch AS a\nWORKDIR /app\nFROM a AS b\nWORKDIR sub", ""},
             {"FROM scratch\nARG D=/x\nWORKDIR $D/y", ""},
             {"FROM scratch\nENV D=x\nWORKDIR $D/y", "3 WorkdirRelativePath"}});
  CHECK(rules("FROM unknown\nWORKDIR ${FROM_THE_BASE}/x").empty());
  CHECK(rules("FROM unknown\nENV A=$FROM_THE_BASE\nARG B=$A\nWORKDIR $B").empty());
  CHECK(rules("FROM a\nWORKDIR ${D}/x", knowing({.environment = {{"D", "rel"}}})) == "2 WorkdirRelativePath");
}

TEST_CASE("variables are defined before they are used") {
  check_all({{"FROM scratch\nARG foo\nCOPY D${foo} .", ""},
             {"FROM scratch AS base\nARG foo=D\nFROM base\nCOPY $foo .", ""},
             {"FROM scratch\nRUN echo $anything\nCMD [\"$x\"]", ""},
             {"FROM scratch\nCOPY $foo .\nARG foo=bar", "2 UndefinedVar"},
             {"FROM scratch\nENV A=1 B=$A", "2 UndefinedVar"},
             {"ARG G=1\nFROM scratch\nUSER $G", "3 UndefinedVar"},
             {"ARG G=1\nFROM scratch\nARG G\nUSER $G", ""},
             {"FROM scratch\nCOPY '$foo' \\$foo /", ""},
             {"FROM scratch\nRUN --mount=type=cache,target=$foo x", "2 UndefinedVar"},
             {"FROM scratch\nCOPY --chown=$foo a b", "2 UndefinedVar"},
             {"FROM scratch\nCOPY <<E <<'F' /d\n\"$foo\"\nE\n$bar\nF\n", "2 UndefinedVar"},
             {"FROM scratch\nLABEL a=$foo\nVOLUME $foo\nSTOPSIGNAL $foo\nUSER $foo",
              "2 UndefinedVar, 3 UndefinedVar, 4 UndefinedVar, 5 UndefinedVar"},
             {"FROM scratch AS a\nCOPY $foo .\nFROM scratch AS b\nCOPY $bar .", "2 UndefinedVar, 4 UndefinedVar"},
             {"FROM scratch\nUSER $TARGETARCH", "2 UndefinedVar"},
             {"FROM scratch\nARG TARGETARCH\nUSER $TARGETARCH", ""}});
  CHECK_THAT(only_message("FROM scratch\nENV PATH=$PAHT:/b"), Catch::Contains("'$PAHT'") && Catch::EndsWith("(did you mean $PATH?)"));
  CHECK_THAT(only_message("FROM scratch\nARG DIR_BINARIES=b/\nARG DIR_ASSETS=a/\nCOPY $DIR_ASSET ."), Catch::Contains("$DIR_ASSETS?"));
}

TEST_CASE("of a base image that is not at hand only slips of the pen are told") {
  const char* text = "FROM base\nENV LIB=$FROM_THE_BASE ROOT=$PAHT";
  CHECK_THAT(only_message(text), Catch::Contains("$PAHT"));
  CHECK(rules(text, knowing({})) == "2 UndefinedVar, 2 UndefinedVar");
  CHECK(rules("FROM base\nUSER $ME", knowing({.environment = {{"ME", "x"}}})).empty());
}

TEST_CASE("of CMD, ENTRYPOINT and HEALTHCHECK one a stage has an effect") {
  check_all(
      {{"FROM scratch\nENTRYPOINT [\"a\"]\nENTRYPOINT [\"b\"]\nCMD [\"a\"]\nCMD [\"b\"]\nHEALTHCHECK CMD [\"a\"]\nHEALTHCHECK NONE",
        "2 MultipleInstructionsDisallowed, 4 MultipleInstructionsDisallowed, 6 MultipleInstructionsDisallowed"},
       {"FROM scratch AS a\nCMD [\"a\"]\nENTRYPOINT [\"a\"]\nFROM a AS b\nCMD [\"b\"]\nENTRYPOINT [\"a\"]", ""},
       {"FROM scratch\nCMD [\"1\"]\nCMD [\"2\"]\nCMD [\"3\"]", "2 MultipleInstructionsDisallowed, 3 MultipleInstructionsDisallowed"}});
}

TEST_CASE("secrets are told from other names") {
  check_all({{"FROM scratch\nARG SECRET_PASSPHRASE\nENV SUPER_Secret=foo", "2 SecretsUsedInArgOrEnv, 3 SecretsUsedInArgOrEnv"},
             {"FROM scratch\nENV password=bar secret=baz x=y", "2 SecretsUsedInArgOrEnv, 2 SecretsUsedInArgOrEnv"},
             {"FROM scratch\nENV apikey=bar\nENV git_key=\nARG a auth=b",
              "2 SecretsUsedInArgOrEnv, 3 SecretsUsedInArgOrEnv, 4 SecretsUsedInArgOrEnv"},
             {"FROM scratch\nENV PUBLIC_KEY=\nARG public_token\nARG SECRET_FILE\nARG AUTH_MODULE_VERSION\nENV keyboard=x TOKENS=1", ""}});
}

TEST_CASE("EXPOSE names ports of the container and lower case protocols") {
  check_all({{"FROM scratch\nEXPOSE 80 443/tcp 53/udp 1-9/sctp", ""},
             {"FROM scratch\nEXPOSE 80/TCP", "2 ExposeProtoCasing"},
             {"FROM scratch\nEXPOSE 8080:80", "2 ExposeInvalidFormat"},
             {"FROM scratch\nEXPOSE 127.0.0.1:8080:80/Udp", "2 ExposeProtoCasing, 2 ExposeInvalidFormat"},
             {"FROM scratch\nEXPOSE [::1]:1:2", "2 ExposeInvalidFormat"},
             {"FROM scratch\nARG P=80/TCP\nEXPOSE $P", "3 ExposeProtoCasing"},
             {"FROM scratch\nEXPOSE 80/http :80 /TCP", ""}});
}

TEST_CASE("what the ignore file leaves out cannot be copied") {
  LintOptions options;
  options.is_ignored = [](std::string_view path) { return path == "Dockerfile" || path == "a/b"; };
  check_all({{"FROM scratch\nCOPY Dockerfile .\nADD Dockerfile /w", "2 CopyIgnoredFile, 3 CopyIgnoredFile"},
             {"FROM scratch\nCOPY ./a//x/../b/ ok /d", "2 CopyIgnoredFile"},
             {"FROM scratch\nARG F=file\nCOPY Docker$F .", "3 CopyIgnoredFile"},
             {"FROM scratch AS b\nFROM b\nCOPY --from=b Dockerfile .", ""},
             {"FROM scratch\nADD https://h/Dockerfile Dockerfile", ""},
             {"FROM scratch\nCOPY <<Dockerfile /d\nx\nDockerfile\n", ""},
             {"FROM scratch\nCOPY . .\nCOPY / .", ""}},
            options);
  options.everything_is_ignored = true;
  CHECK_THAT(only_message("FROM scratch\nCOPY . .", options), Catch::Contains("\".\""));
}

TEST_CASE("the form of descriptions is checked on request") {
  const std::string check = "# check=experimental=InvalidDefinitionDescription\n";
  CHECK(rules("# bad\nFROM scratch AS a").empty());
  CHECK(rules(check + "# foo it\nARG foo=b\n# base it\nFROM scratch AS base\n# y it\nARG x y=1\n#\nARG bit=b\n# c\nCOPY a b").empty());
  CHECK(rules(check + "# bar it\nARG foo\n# BasE it\nFROM scratch AS base\n# bad\n\nARG v=1\n# kept apart\n#\nARG w") ==
        "3 InvalidDefinitionDescription, 5 InvalidDefinitionDescription, 8 InvalidDefinitionDescription");
  CHECK(rules("# check=experimental=all\n# bad\nFROM scratch AS a") == "3 InvalidDefinitionDescription");
}

TEST_CASE("the check directive skips rules and turns warnings into errors") {
  const std::string body = "FROM scratch as base\ncopy a .\n";
  CHECK(rules("#check=skip=all\n" + body).empty());
  CHECK(rules("#check=skip=ConsistentInstructionCasing, FromAsCasing\n" + body) == "2 FromAsCasing");
  CHECK(rules("# check=skip=ConsistentInstructionCasing,FromAsCasing;error=true\n" + body).empty());
  CHECK_FALSE(check("# check=skip=all;error=true\n" + body).is_error);
  const LintResult failed = check("# check=skip=ConsistentInstructionCasing;error=true\n" + body);
  CHECK(failed.is_error);
  CHECK(failed.error_message() == "the check found what error=true forbids: FromAsCasing");
  CHECK_FALSE(check("# check=error=false\n" + body).is_error);
  LintOptions options;
  options.check = "skip=FromAsCasing";
  CHECK(rules("# check=skip=all\n" + body, options) == "3 ConsistentInstructionCasing");
}

TEST_CASE("a comment in front of an instruction skips rules for it alone") {
  check_all({{"FROM scratch\n# check=skip=JSONArgsRecommended\nCMD a\nENTRYPOINT b", "4 JSONArgsRecommended"},
             {"FROM scratch\n# check=skip=SecretsUsedInArgOrEnv // on purpose\nENV password=b", ""},
             {"FROM scratch\n# check=skip=all\n# why\nENV password=b\nENV token=b", "5 SecretsUsedInArgOrEnv"},
             {"FROM scratch\n# check=nonsense\nENV token=b", "3 SecretsUsedInArgOrEnv"},
             {"\n# check=skip=RedundantTargetPlatform\nFROM --platform=$TARGETPLATFORM scratch", ""}});
}

TEST_CASE("a malformed check directive is refused at its place") {
  for (const char* value : {"skip", "skip=all;", "no=1", "error=maybe", "error"}) {
    INFO(value);
    CHECK_THROWS_WITH(parse_dockerfile("# escape=`\n# check=" + std::string(value) + "\nFROM a", "D"),
                      Catch::StartsWith("D:2:1: invalid check option"));
  }
  LintOptions options;
  options.check = "nonsense";
  CHECK_THROWS_AS(check("FROM scratch", options), Error);
}

TEST_CASE("warnings are shown with their lines and a caret") {
  const std::string text = "# c\nARG A\n  FROM --platform=$BUILDPLATFORM a \\\n   as b\nUSER u\nUSER v\x1b\nWORKDIR x\n";
  CHECK(format_lint_text("Dockerfile", text, check(text)) ==
        "\nWARNING: FromAsCasing - https://docs.docker.com/go/dockerfile/rule/from-as-casing/\n"
        "'as' and 'FROM' are written in different cases\n"
        "Dockerfile:3\n--------------------\n"
        "   2 |     ARG A\n   3 | >>>   FROM --platform=$BUILDPLATFORM a \\\n     |       ^\n   4 | >>>    as b\n   5 |     USER u\n"
        "--------------------\n"
        "\nWARNING: WorkdirRelativePath - https://docs.docker.com/go/dockerfile/rule/workdir-relative-path/\n"
        "the relative directory \"x\" depends on the base image\n"
        "Dockerfile:7\n--------------------\n"
        "   5 |     USER u\n   6 |     USER v\\x1b\n   7 | >>> WORKDIR x\n     |     ^\n--------------------\n");
  CHECK(format_lint_text("f", "FROM a", check("FROM a")).empty());
}

TEST_CASE("the JSON record has every field") {
  const auto result = check("# check=error=true\nFROM a\nWORKDIR x");
  const auto json = jcb::util::parse_json(format_lint_json("Dockerfile", result), "record");
  CHECK(json.at("file") == "Dockerfile");
  const auto& warning = json.at("warnings").at(0);
  CHECK(warning.at("rule") == "WorkdirRelativePath");
  CHECK(warning.at("line") == 3);
  CHECK(warning.at("column") == 1);
  CHECK(warning.at("last_line") == 3);
  CHECK(warning.at("url") == "https://docs.docker.com/go/dockerfile/rule/workdir-relative-path/");
  CHECK(warning.contains("message"));
  CHECK(warning.contains("description"));
  CHECK(json.at("error").at("message") == "the check found what error=true forbids: WorkdirRelativePath");
  CHECK(jcb::util::parse_json(format_lint_json("f", {}), "record").at("error").is_null());
  const Error error(jcb::ErrorKind::invalid, "f:1:1: broken", "mend it");
  CHECK(jcb::util::parse_json(format_lint_json("f", {}, &error), "record").at("error").at("hint") == "mend it");
}

TEST_CASE("a small file cannot make the check hold gigabytes") {
  std::string doubling = "FROM scratch\nENV A0=" + std::string(1000, 'x') + "\n";
  for (int i = 1; i <= 9; ++i) {
    const std::string last = "$A" + std::to_string(i - 1);
    doubling += "ENV A" + std::to_string(i) + "=" + last + last + "\n";
  }
  for (int i = 0; i < 900; ++i) doubling += "ENV B" + std::to_string(i) + "=$A9\n";
  CHECK_THROWS_WITH(check(doubling), Catch::Contains("more than 256 MiB"));
  std::string stages = "FROM scratch AS s0\nENV";
  for (int i = 0; i < 20'000; ++i) stages += " A" + std::to_string(i) + "=1";
  for (int i = 1; i < 2000; ++i) stages += "\nFROM s0 AS s" + std::to_string(i);
  CHECK_THROWS_WITH(check(stages), Catch::Contains("more than 256 MiB"));
}

TEST_CASE("a file of many undefined names is checked in seconds") {
  std::string text = "FROM scratch\nENV";
  for (int i = 0; i < 1000; ++i) text += " NAME" + std::to_string(i) + "=1";
  text += "\nCOPY";
  for (int i = 0; i < 50'000; ++i) text += " $OTHER" + std::to_string(i);
  const LintResult result = check(text += " /d");
  CHECK(result.warnings.size() == 50'000);
  CHECK(format_lint_text("f", text, result).size() > 50'000);
}
