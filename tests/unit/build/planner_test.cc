// SPDX-License-Identifier: Apache-2.0
#include "build/planner.h"

#include <catch2/catch.hpp>

#include "build/history.h"
#include "jcbuild/error.h"
#include "oci/media_type.h"

using namespace jcb;
using build::BuildPlan;
using build::CopyAction;
using build::Origin;
using build::PlannedSource;
using build::RunAction;
using build::Step;

namespace {

struct Fixture {
  build::Base base;
  build::PlanInputs inputs;
  std::vector<std::string> loaded;

  Fixture() {
    base.config.config.env = {"PATH=/bin"};
    inputs.load_image = [this](const std::string& image, const oci::Platform&) {
      loaded.push_back(image);
      return base;
    };
  }
  BuildPlan plan_file(const std::string& text) { return build::plan_build(build::parse_source_file(text, "Dockerfile"), inputs); }
  build::StagePlan plan(const std::string& text) { return plan_file("FROM base\n" + text).target_stage(); }
};

bool has(const std::vector<std::string>& list, const std::string& entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

const RunAction& run_of(const Step& step) { return std::get<RunAction>(step.action); }
const CopyAction& copy_of(const Step& step) { return std::get<CopyAction>(step.action); }

std::vector<std::string> history_of(const build::StagePlan& plan) {
  std::vector<std::string> lines;
  for (const auto& line : plan.history) lines.push_back(line.created_by);
  return lines;
}

}  // namespace

TEST_CASE("values within one ENV see the environment before it") {
  CHECK(Fixture().plan("ENV a=1\nENV a=2 b=$a\n").config.env == std::vector<std::string>{"PATH=/bin", "a=2", "b=1"});
}

TEST_CASE("RUN sees ARG and ENV, and ENV beats ARG; the image keeps only ENV") {
  const auto plan = Fixture().plan("ARG x=arg\nARG y=arg\nENV x=env\nRUN true\n");
  CHECK(has(run_of(plan.steps[0]).environment, "x=env"));
  CHECK(has(run_of(plan.steps[0]).environment, "y=arg"));
  CHECK(plan.config.find_env("y") == std::nullopt);
}

TEST_CASE("a build argument overrides a default only where it is declared") {
  Fixture fixture;
  fixture.inputs.build_args = {{"x", "given"}, {"undeclared", "1"}};
  const auto plan = fixture.plan("RUN true\nARG x=default\nRUN true\n");
  CHECK_FALSE(has(run_of(plan.steps[0]).environment, "x=given"));
  CHECK(has(run_of(plan.steps[1]).environment, "x=given"));
  CHECK_FALSE(has(run_of(plan.steps[1]).environment, "undeclared=1"));
}

TEST_CASE("global arguments serve FROM, and a stage only where it declares them") {
  Fixture fixture;
  const auto plan = fixture.plan_file("ARG BASE=debian TAG=12\nFROM ${BASE}:$TAG\nARG TAG\nARG BASE=other\nRUN true\n");
  CHECK(fixture.loaded == std::vector<std::string>{"debian:12"});
  const auto& environment = run_of(plan.target_stage().steps[0]).environment;
  CHECK(has(environment, "TAG=12"));
  CHECK(has(environment, "BASE=other"));
  CHECK_THROWS_WITH(fixture.plan_file("ARG VERSION=1\nFROM ${VERSIN}\n"), Catch::Contains("VERSIN"));
}

TEST_CASE("platform arguments are known to FROM, and to a stage that declares them") {
  Fixture fixture;
  fixture.inputs.platform = oci::Platform::parse("linux/arm64");
  const auto plan = fixture.plan_file("FROM --platform=$BUILDPLATFORM tools AS tools\nFROM x-$TARGETARCH\nARG TARGETPLATFORM\nRUN true\n");
  CHECK(has(fixture.loaded, "x-arm64"));
  CHECK_FALSE(has(fixture.loaded, "tools"));
  CHECK(has(run_of(plan.target_stage().steps[0]).environment, "TARGETPLATFORM=linux/arm64"));
}

TEST_CASE("the shell form runs in SHELL, the exec form as it stands") {
  const auto plan = Fixture().plan("RUN echo $HOME\nSHELL [\"/bin/bash\", \"-ec\"]\nRUN a && b\nRUN [\"/x\", \"$y\"]\n");
  CHECK(run_of(plan.steps[0]).argv == std::vector<std::string>{"/bin/sh", "-c", "echo $HOME"});
  CHECK(run_of(plan.steps[1]).argv == std::vector<std::string>{"/bin/bash", "-ec", "a && b"});
  CHECK(run_of(plan.steps[2]).argv == std::vector<std::string>{"/x", "$y"});
}

TEST_CASE("a heredoc alone is a script, with its own interpreter when it names one") {
  const auto plan =
      Fixture().plan("RUN <<EOF\na\nb\nEOF\nRUN <<E\n#!/usr/bin/env python3\nprint(1)\nE\nRUN cat <<A <<B > /x\na\nA\nb\nB\n");
  CHECK(run_of(plan.steps[0]).argv == std::vector<std::string>{"/bin/sh", "-c", "a\nb\n"});
  CHECK(run_of(plan.steps[1]).argv == std::vector<std::string>{"/bin/sh", "-c", "/dev/pipes/E"});
  CHECK(run_of(plan.steps[1]).script == std::pair<std::string, std::string>{"E", "#!/usr/bin/env python3\nprint(1)\n"});
  CHECK(run_of(plan.steps[2]).argv[2] == "cat <<A <<B > /x\na\nA\nb\nB");
}

TEST_CASE("WORKDIR is relative to the last one and places COPY") {
  const auto plan = Fixture().plan("WORKDIR /opt\nWORKDIR ros/../app\nCOPY a.txt .\nCOPY a.txt x\nCOPY a b ./d/\n");
  CHECK(plan.config.working_dir == "/opt/app");
  CHECK(copy_of(plan.steps[2]).destination == "/opt/app/");
  CHECK(copy_of(plan.steps[3]).destination == "/opt/app/x");
  CHECK(copy_of(plan.steps[4]).destination == "/opt/app/d/");
  CHECK_THROWS_WITH(Fixture().plan("COPY a b /d\n"), Catch::Contains("ends in /"));
}

TEST_CASE("heredocs of COPY are expanded unless their delimiter is quoted") {
  const auto plan = Fixture().plan("ENV x=1\nCOPY <<A <<\"B\" /d/\n$x\nA\n$x\nB\n");
  CHECK(copy_of(plan.steps[0]).sources[0].content == "1\n");
  CHECK(copy_of(plan.steps[0]).sources[1].content == "$x\n");
  CHECK(copy_of(plan.steps[0]).sources[1].text == "B");
}

TEST_CASE("ADD knows files, addresses and repositories") {
  const auto plan = Fixture().plan("ADD a.tar https://h/x.tgz https://h/r.git#v1:sub /d/\nADD --unpack=true https://h/x.tgz /d/\n");
  const auto& sources = copy_of(plan.steps[0]).sources;
  CHECK(sources[0].kind == PlannedSource::Kind::path);
  CHECK(sources[0].unpack);
  CHECK(sources[1].kind == PlannedSource::Kind::url);
  CHECK_FALSE(sources[1].unpack);
  CHECK(sources[2].kind == PlannedSource::Kind::git);
  CHECK(copy_of(plan.steps[1]).sources[0].unpack);
}

TEST_CASE("B13: a password in an address reaches no history") {
  const auto plan = Fixture().plan("ADD https://me:secret@h/x.tgz /d/\n");
  CHECK(history_of(plan).back() == "ADD https://h/x.tgz /d/ # buildkit");
}

TEST_CASE("ENTRYPOINT drops an inherited CMD but not one of the same file") {
  Fixture fixture;
  fixture.base.config.config.cmd = {"inherited"};
  CHECK_FALSE(fixture.plan("ENTRYPOINT [\"e\"]\n").config.cmd);
  CHECK(fixture.plan("CMD [\"c\"]\nENTRYPOINT [\"e\"]\n").config.cmd == std::vector<std::string>{"c"});
}

TEST_CASE("only the stages that the target needs are planned, and only their images loaded") {
  Fixture fixture;
  const std::string text =
      "FROM a AS one\nRUN 1\nFROM b AS two\nRUN 2\nFROM c AS three\nCOPY --from=one /x /\nFROM three AS four\nRUN --mount=type=bind,from=d "
      "true\n";
  fixture.inputs.target = "three";
  auto plan = fixture.plan_file(text);
  CHECK(plan.stages.size() == 2);
  CHECK(plan.target == 2);
  CHECK(plan.target_stage().steps[0].dependencies == std::vector<std::size_t>{0});
  CHECK_FALSE(has(fixture.loaded, "b"));
  fixture.inputs.target = "";
  plan = fixture.plan_file(text);
  CHECK(plan.target_stage().parent == 2);
  CHECK(plan.images.count("d") == 1);
  CHECK(build::chain_of(plan) == std::vector<std::size_t>{2, 3});
  fixture.inputs.target = "thre";
  CHECK_THROWS_WITH(fixture.plan_file(text), Catch::Contains("no stage 'thre'"));
}

TEST_CASE("--from means a named context, an earlier stage, or an image") {
  Fixture fixture;
  fixture.inputs.contexts.directories = {"data"};
  fixture.inputs.contexts.images = {{"tools", "my/tools"}};
  const auto plan = fixture.plan_file(
      "FROM a AS One\nFROM tools\nCOPY --from=data x /\nCOPY --from=ONE x /\nCOPY --from=0 x /\nCOPY --from=tools x /\nCOPY --from=z x "
      "/\n");
  const auto origin = [&](std::size_t step) { return copy_of(plan.target_stage().steps[step]).sources[0].from; };
  CHECK(origin(0) == Origin{Origin::Kind::context, "data", 0});
  CHECK(origin(1) == Origin{Origin::Kind::stage, "one", 0});
  CHECK(origin(2) == Origin{Origin::Kind::stage, "0", 0});
  CHECK(origin(3) == Origin{Origin::Kind::image, "my/tools", 0});
  CHECK(origin(4) == Origin{Origin::Kind::image, "z", 0});
  CHECK(has(fixture.loaded, "my/tools"));
  CHECK_THROWS_WITH(fixture.plan_file("FROM a\nCOPY --from=1 x /\n"), Catch::Contains("no stage 1"));
  CHECK_THROWS_WITH(fixture.plan_file("FROM a\nCOPY --from=later x /\nFROM 0\nFROM b AS later\nCOPY --from=0 x /\n"),
                    Catch::Contains("later in the file"));
  CHECK_THROWS_WITH(fixture.plan_file("FROM a AS me\nCOPY --from=me x /\n"), Catch::Contains("takes from itself"));
  CHECK_THROWS_WITH(fixture.plan_file("FROM data\n"), Catch::Contains("FROM needs an image"));
}

TEST_CASE("a stage on a stage inherits its configuration") {
  const auto plan = Fixture().plan_file("FROM a AS x\nENV v=1\nWORKDIR /w\nUSER me\nFROM x\nENV w=$v\n");
  CHECK(has(plan.target_stage().config.env, "w=1"));
  CHECK(plan.target_stage().config.working_dir == "/w");
  CHECK(plan.target_stage().config.user == "me");
}

TEST_CASE("triggers of the base run first, once, and are not inherited") {
  Fixture fixture;
  fixture.base.config.config.on_build = {"RUN trigger", "ENV t=1"};
  const auto plan = fixture.plan("ENV u=$t\nONBUILD RUN later\n");
  CHECK(run_of(plan.steps[0]).argv.back() == "trigger");
  CHECK(has(plan.config.env, "u=1"));
  CHECK(plan.config.on_build == std::vector<std::string>{"RUN later"});
}

TEST_CASE("HEALTHCHECK keeps all its options in nanoseconds") {
  const auto config =
      Fixture().plan("HEALTHCHECK --interval=30s --timeout=1m --start-period=5s --start-interval=500ms --retries=4 CMD curl x\n").config;
  CHECK(config.healthcheck->test == std::vector<std::string>{"CMD-SHELL", "curl x"});
  CHECK(config.healthcheck->interval_ns == 30'000'000'000);
  CHECK(config.healthcheck->timeout_ns == 60'000'000'000);
  CHECK(config.healthcheck->start_interval_ns == 500'000'000);
  CHECK(config.healthcheck->retries == 4);
  CHECK(Fixture().plan("HEALTHCHECK CMD [\"a\", \"b\"]\n").config.healthcheck->test == std::vector<std::string>{"CMD", "a", "b"});
  CHECK(Fixture().plan("HEALTHCHECK NONE\n").config.healthcheck->test == std::vector<std::string>{"NONE"});
}

TEST_CASE("history reads as docker writes it") {
  const auto lines = history_of(
      Fixture().plan("ARG A=1\nENV B=2 C=3\nRUN make\nRUN [\"x\", \"y\"]\nCOPY --chown=1 a b /d/\nWORKDIR /w\nCMD [\"c\", \"d e\"]\n"
                     "ENTRYPOINT run it\nEXPOSE 80 53/udp\nVOLUME /v /w\nUSER me\nLABEL l=1\nSHELL [\"/bin/bash\", \"-c\"]\n"));
  CHECK(lines == std::vector<std::string>{"ARG A=1", "ENV B=2 C=3", "RUN |1 A=1 /bin/sh -c make # buildkit", "RUN |1 A=1 x y # buildkit",
                                          "COPY --chown=1 a b /d/ # buildkit", "WORKDIR /w", "CMD [\"c\" \"d e\"]",
                                          "ENTRYPOINT [\"/bin/sh\" \"-c\" \"run it\"]", "EXPOSE [53/udp 80/tcp]", "VOLUME [/v /w]",
                                          "USER me", "LABEL l=1", "SHELL [/bin/bash -c]"});
}

TEST_CASE("proxies reach RUN but no key") {
  Fixture fixture;
  const auto parts = fixture.plan("RUN make\n").steps[0].parts;
  fixture.inputs.hidden_environment = {{"http_proxy", "http://p:1"}};
  fixture.inputs.build_args = {{"HTTPS_PROXY", "http://q:1"}};
  const auto plan = fixture.plan("RUN make\n");
  CHECK(plan.steps[0].parts == parts);
  CHECK(has(run_of(plan.steps[0]).environment, "http_proxy=http://p:1"));
  CHECK(has(run_of(plan.steps[0]).environment, "HTTPS_PROXY=http://q:1"));
}

TEST_CASE("a key's parts change with each thing that can change the result, and with nothing else") {
  const auto parts = [](const std::string& text) { return Fixture().plan(text).steps.back().parts; };
  const auto expected = parts("RUN make\n");
  CHECK(parts("# comment\nRUN    make\n") == expected);
  for (const char* text :
       {"RUN make x\n", "ENV a=1\nRUN make\n", "USER 1\nRUN make\n", "WORKDIR /x\nRUN make\n", "RUN --network=none make\n",
        "RUN --mount=type=tmpfs,target=/x make\n", "SHELL [\"/bin/bash\"]\nRUN make\n", "ARG a=1\nRUN make\n"})
    CHECK(parts(text) != expected);
  const auto copy = parts("COPY a /x\n");
  for (const char* text : {"COPY a /y\n", "COPY --chown=1 a /x\n", "COPY --chmod=1 a /x\n", "COPY --link a /x\n", "ADD a /x\n"})
    CHECK(parts(text) != copy);
}

TEST_CASE("what a build was not allowed or given is refused with its place") {
  Fixture fixture;
  fixture.inputs.has_context = false;
  for (const char* text : {"RUN --security=insecure true\n", "COPY a /\n", "RUN --mount=type=bind,target=/x true\n"}) {
    try {
      fixture.plan(text);
      FAIL("accepted: " << text);
    } catch (const Error& error) {
      CHECK(error.steps().front() == "Dockerfile:2:1");
    }
  }
  fixture.inputs.allow_insecure = true;
  CHECK(run_of(fixture.plan("RUN --security=insecure true\n").steps[0]).insecure);
}
