// SPDX-License-Identifier: Apache-2.0
// Every form of the Dockerfile reference as text and what it is parsed to, in BuildKit's dump notation.
#include "dockerfile/ast.h"
#include "dockerfile/instruction.h"
#include "jcbuild/error.h"

#include <catch2/catch.hpp>

using jcb::Error;
using namespace jcb::dockerfile;

namespace {

struct Case {
  const char* text;
  const char* ast;  // of what follows FROM; nothing: refused
};

void check(std::initializer_list<Case> cases) {
  for (const auto& [text, ast] : cases) {
    INFO(text);
    if (ast == nullptr) {
      CHECK_THROWS_AS(parse_dockerfile(std::string("FROM a\n") + text, "f"), Error);
      continue;
    }
    std::string parsed;
    CHECK_NOTHROW(parsed = to_ast(parse_dockerfile(std::string("FROM a\n") + text, "f")));
    CHECK(parsed == std::string("(from \"a\")\n") + ast + "\n");
  }
}

}  // namespace

TEST_CASE("RUN has a shell form and a JSON form") {
  check({{"RUN echo a  b", R"((run "echo a  b"))"},
         {"RUN\techo a", R"((run "echo a"))"},
         {"RUN echo 'a # b' # c", R"((run "echo 'a # b' # c"))"},
         {"RUN [\"a\", \"b c\"]", R"((run "a" "b c"))"},
         {"RUN [ \"a\" ] ", R"((run "a"))"},
         {"RUN [\"a\\tb\\u0041\\\\\"]", R"((run "a\tbA\\"))"},
         {"RUN [\"a\",]", R"((run "[\"a\",]"))"},
         {"RUN [\"a\"] x", R"((run "[\"a\"] x"))"},
         {"RUN ['a']", R"((run "['a']"))"},
         {"RUN [1]", nullptr},
         {"RUN [\"a\", null]", nullptr},
         {"RUN [\"a\\\n\", \"b\"]", R"((run "a" "b"))"},
         {"RUN \\\n  [\"a\"]", R"((run "a"))"},
         {"RUN --network=none --security=insecure --mount=type=tmpfs,target=/t --device=a x",
          R"((run ["--network=none" "--security=insecure" "--mount=type=tmpfs,target=/t" "--device=a"] "x"))"},
         {"RUN --mount=\"type=bind,source=a b\" x", R"((run ["--mount=type=bind,source=a b"] "x"))"},
         {"RUN -- --x", R"((run "--x"))"},
         {"RUN --mount", nullptr},
         {"RUN --no=x y", nullptr}});
}

TEST_CASE("CMD, ENTRYPOINT and SHELL") {
  check({{"CMD a b", R"((cmd "a b"))"},
         {"CMD [\"a\", \"b\"]", R"((cmd "a" "b"))"},
         {"CMD []", "(cmd)"},
         {"CMD", "(cmd)"},
         {"ENTRYPOINT exec top -b", R"((entrypoint "exec top -b"))"},
         {"ENTRYPOINT [\"a\"]", R"((entrypoint "a"))"},
         {"SHELL [\"/bin/bash\", \"-euo\", \"pipefail\", \"-c\"]", R"((shell "/bin/bash" "-euo" "pipefail" "-c"))"},
         {"SHELL /bin/bash", nullptr}});
}

TEST_CASE("COPY and ADD take words, JSON and heredocs") {
  check({{"COPY a b /c/", R"((copy "a" "b" "/c/"))"},
         {"COPY [\"a b\", \"/c\"]", R"((copy "a b" "/c"))"},
         {"COPY *.py ??.txt /d/", R"((copy "*.py" "??.txt" "/d/"))"},
         {"COPY --from=build --chown=1:2 --chmod=u=rwX,go=rX --link --parents --exclude=*.o --exclude=x a /b",
          R"((copy ["--from=build" "--chown=1:2" "--chmod=u=rwX,go=rX" "--link" "--parents" "--exclude=*.o" "--exclude=x"] "a" "/b"))"},
         {"COPY --link=false a /b", R"((copy ["--link=false"] "a" "/b"))"},
         {"COPY --link= a /b", nullptr},
         {"COPY --chown a /b", nullptr},
         {"COPY --keep-git-dir=true a /b", nullptr},
         {"ADD https://h/x.tar /x", R"((add "https://h/x.tar" "/x"))"},
         {"ADD --checksum=sha256:aa --keep-git-dir=true --unpack=false --chown=a git@h:r.git#v1:d /x",
          R"((add ["--checksum=sha256:aa" "--keep-git-dir=true" "--unpack=false" "--chown=a"] "git@h:r.git#v1:d" "/x"))"},
         {"ADD --from=x a /b", nullptr},
         {"COPY <<A <<-\"B\" /d/\nx\nA\n\ty\n\tB", R"((copy "<<A" "<<-\"B\"" "/d/"))"},
         {"ADD --chown=a <<E c /d/\nE", R"((add ["--chown=a"] "<<E" "c" "/d/"))"},
         {"COPY [\"<<E\", \"/d\"]", R"((copy "<<E" "/d"))"},
         {"COPY a", nullptr},
         {"COPY [\"a\"]", nullptr}});
}

TEST_CASE("ENV, LABEL and ARG") {
  check({{"ENV A=b", R"((env "A" "b" "="))"},
         {"ENV A=", R"((env "A" "" "="))"},
         {"ENV A=\"b c\" D='e f' G=h\\ i J=\"k\\\"l\"", R"((env "A" "\"b c\"" "=" "D" "'e f'" "=" "G" "h\\ i" "=" "J" "\"k\\\"l\"" "="))"},
         {"ENV A=b=c", R"((env "A" "b=c" "="))"},
         {"ENV A b  c", R"((env "A" "b  c" ""))"},
         {"ENV A\t b=c d", R"((env "A" "b=c d" ""))"},
         {"ENV \"A b\"=c", R"((env "\"A b\"" "c" "="))"},
         {"ENV \"A b\" c", R"((env "\"A" "b\" c" ""))"},
         {"ENV A='b\\' c", nullptr},
         {"ENV A=b \\\n    C=d \\\n\n    # why\n    E=f\n    # trailing", R"((env "A" "b" "=" "C" "d" "=" "E" "f" "="))"},
         {"ENV A=b\\", R"((env "A" "b" "="))"},
         {"ENV A", nullptr},
         {"ENV A=b c", nullptr},
         {"LABEL a.b/c=\"d e\" f=", R"((label "a.b/c" "\"d e\"" "=" "f" "" "="))"},
         {"LABEL a b c", R"((label "a" "b c" ""))"},
         {"ARG A", R"((arg "A"))"},
         {"ARG A B=c D= E=\"f g\" H=$(nproc) I=${A:-x}", R"~((arg "A" "B=c" "D=" "E=\"f g\"" "H=$(nproc)" "I=${A:-x}"))~"},
         {"ARG A=b \\\n    B", R"((arg "A=b" "B"))"},
         {"ARG =b", nullptr}});
}

TEST_CASE("HEALTHCHECK with all its options") {
  check(
      {{"HEALTHCHECK NONE", R"((healthcheck "NONE"))"},
       {"HEALTHCHECK none", R"((healthcheck "none"))"},
       {"HEALTHCHECK CMD a || exit 1", R"((healthcheck "CMD" "a || exit 1"))"},
       {"HEALTHCHECK CMD [\"a\", \"b\"]", R"((healthcheck "CMD" "a" "b"))"},
       {"HEALTHCHECK --interval=5m --timeout=3s --start-period=1m30s --start-interval=500ms --retries=3 \\\n  CMD curl -f x",
        R"((healthcheck ["--interval=5m" "--timeout=3s" "--start-period=1m30s" "--start-interval=500ms" "--retries=3"] "CMD" "curl -f x"))"},
       {"HEALTHCHECK --interval=5 CMD a", nullptr},
       {"HEALTHCHECK --timeout=-1s CMD a", nullptr},
       {"HEALTHCHECK --retries=x CMD a", nullptr},
       {"HEALTHCHECK --interval=1s --interval=2s CMD a", nullptr},
       {"HEALTHCHECK CMD", nullptr},
       {"HEALTHCHECK NONE a", nullptr},
       {"HEALTHCHECK curl", nullptr}});
}

TEST_CASE("WORKDIR, USER, EXPOSE, VOLUME, STOPSIGNAL, MAINTAINER") {
  check({{"WORKDIR /a/$B/c d", R"((workdir "/a/$B/c d"))"},
         {"USER $UID:${GID:-0}", R"((user "$UID:${GID:-0}"))"},
         {"EXPOSE 80/tcp 8000-8010/udp $P", R"((expose "80/tcp" "8000-8010/udp" "$P"))"},
         {"VOLUME /a /b", R"((volume "/a" "/b"))"},
         {"VOLUME [\"/a b\", \"/c\"]", R"((volume "/a b" "/c"))"},
         {"STOPSIGNAL SIGRTMIN+3", R"((stopsignal "SIGRTMIN+3"))"},
         {"STOPSIGNAL 9", R"((stopsignal "9"))"},
         {"MAINTAINER A B <a@b>", R"((maintainer "A B <a@b>"))"}});
}

TEST_CASE("ONBUILD takes every other instruction") {
  check({{"ONBUILD RUN a b", R"((onbuild (run "a b")))"},
         {"ONBUILD run [\"a\"]", R"((onbuild (run "a")))"},
         {"onbuild COPY --from=x a /b", R"((onbuild (copy ["--from=x"] "a" "/b")))"},
         {"ONBUILD ENV A=b", R"((onbuild (env "A" "b" "=")))"},
         {"ONBUILD HEALTHCHECK --retries=1 CMD a", R"((onbuild (healthcheck ["--retries=1"] "CMD" "a")))"},
         {"ONBUILD RUN <<E\nx\nE", R"((onbuild (run "<<E")))"},
         {"ONBUILD \\\n  USER u", R"((onbuild (user "u")))"},
         {"ONBUILD RUN --bad a", nullptr},
         {"ONBUILD NOPE a", nullptr},
         {"ONBUILD ONBUILD RUN a", nullptr},
         {"ONBUILD FROM a", nullptr},
         {"ONBUILD MAINTAINER a", nullptr}});
}

TEST_CASE("FROM has a platform, an image and perhaps a name") {
  check({{"FROM b", R"((from "b"))"},
         {"FROM b AS c", R"((from "b" "AS" "c"))"},
         {"from b:1@sha256:aa as C-1_x.y", R"((from "b:1@sha256:aa" "as" "C-1_x.y"))"},
         {"FROM --platform=$BUILDPLATFORM ${B:-x} aS c", R"((from ["--platform=$BUILDPLATFORM"] "${B:-x}" "aS" "c"))"},
         {"FROM b IN c", nullptr},
         {"FROM b AS", nullptr},
         {"FROM b AS 1c", nullptr}});
}

TEST_CASE("instructions are read in every case") {
  check({{"run a", R"((run "a"))"},
         {"Run a", R"((run "a"))"},
         {"cOpY a b", R"((copy "a" "b"))"},
         {"healthcheck cmd a", R"((healthcheck "cmd" "a"))"},
         {"RÜN a", nullptr}});
}

TEST_CASE("lines go on behind comments, blank lines and blanks") {
  check({{"RUN a \\\n  && b", R"((run "a   && b"))"},
         {"RUN a\\\n\n\n\nb", R"((run "ab"))"},
         {"RUN a \\\n# one\n  # two\n\t#three\nb", R"((run "a b"))"},
         {"RUN a \\ \t\nb", R"((run "a b"))"},
         {"RUN a \\ # no comment\nUSER b", "(run \"a \\\\ # no comment\")\n(user \"b\")"},
         {"RUN a \\\n# last line is a comment", R"((run "a"))"},
         {"RUN a \\\n", R"((run "a"))"},
         {"RUN a \\\\\nUSER b", "(run \"a \\\\\\\\\")\n(user \"b\")"},
         {"RUN echo a \\\n  \\\n  \\\n  b", R"((run "echo a       b"))"},
         {"RU\\\nN a", R"((run "a"))"},
         {"  # comment\n\n \t \n  RUN a", R"((run "a"))"}});
}

TEST_CASE("the escape directive exchanges the escape character everywhere but in heredoc openers") {
  const auto file = parse_dockerfile("# escape=`\nFROM a\nRUN a `\n b\nENV A=b` c D=\"e`\"f\"\nWORKDIR c:\\\nUSER u", "f");
  CHECK(to_ast(file) ==
        "(from \"a\")\n(run \"a  b\")\n(env \"A\" \"b` c\" \"=\" \"D\" \"\\\"e`\\\"f\\\"\" \"=\")\n(workdir \"c:\\\\\")\n(user \"u\")\n");
}

TEST_CASE("directives end at the first line that is none") {
  const auto directives = [](const char* text) { return parse_dockerfile(text, "f").directives; };
  using Map = std::map<std::string, std::string>;
  CHECK(directives("# syntax=docker/dockerfile:1\n# check=skip=all\n# escape=\\\nFROM a") ==
        Map{{"syntax", "docker/dockerfile:1"}, {"check", "skip=all"}, {"escape", "\\"}});
  CHECK(directives("#syntax = a b \nFROM a") == Map{{"syntax", "a b"}});
  CHECK(directives("# SYNTAX=a\nFROM a") == Map{{"syntax", "a"}});
  CHECK(directives("# note\n# syntax=a\nFROM a").empty());
  CHECK(directives("\n# syntax=a\nFROM a").empty());
  CHECK(directives("# unknown=1\n# syntax=a\nFROM a").empty());
  CHECK(directives("FROM a\n# syntax=a\n").empty());
  CHECK(directives("# syntax=\nFROM a").empty());
}

TEST_CASE("heredocs of every kind") {
  const auto heredocs = [](const std::string& text) { return parse_dockerfile("FROM a\n" + text, "f").instructions.back().heredocs; };
  using Heredocs = std::vector<Heredoc>;
  CHECK(heredocs("RUN <<EOF\na\n  b\nEOF\n") == Heredocs{{"EOF", "a\n  b\n", true, false}});
  CHECK(heredocs("RUN <<EOF bash -e\na\nEOF\n") == Heredocs{{"EOF", "a\n", true, false}});
  CHECK(heredocs("RUN python3 <<'PY' | tee /x\nprint('a')\nPY\n") == Heredocs{{"PY", "print('a')\n", false, false}});
  CHECK(heredocs("RUN <<A cat && <<B cat\n1\nA\n2\nB\n") == Heredocs{{"A", "1\n", true, false}, {"B", "2\n", true, false}});
  CHECK(heredocs("RUN <<-A\n\t\t1\n\tA\n") == Heredocs{{"A", "1\n", true, true}});
  CHECK(heredocs("RUN <<A\n#!/bin/sh\n# c\n\nA\n") == Heredocs{{"A", "#!/bin/sh\n# c\n\n", true, false}});
  CHECK(heredocs("RUN <<A\nFROM b\nRUN <<C\nA\n") == Heredocs{{"A", "FROM b\nRUN <<C\n", true, false}});
  CHECK(heredocs("RUN echo $((1<<2))").empty());
  CHECK(heredocs("RUN a <<< b").empty());
  CHECK(heredocs("CMD cat <<E").empty());
  CHECK(heredocs("ENTRYPOINT cat <<E").empty());
}
