// SPDX-License-Identifier: Apache-2.0
#include "build/planner.h"

#include <catch2/catch.hpp>

#include "jcbuild/error.h"
#include "oci/media_type.h"
#include "util/file.h"

using namespace jcb;
using build::Plan;

namespace {

struct Fixture {
  util::TempDir top{std::filesystem::temp_directory_path()};
  build::Context context{top.root()};
  build::Base base;
  build::PlanInputs inputs;

  Fixture() {
    base.config.config.env = {"PATH=/bin"};
    inputs.base = &base;
    inputs.context = &context;
    top.root().write_file("a.txt", "a");
    top.root().write_file("b.txt", "b");
    top.root().make_dirs("dir/sub");
    top.root().write_file("dir/sub/c", "c");
  }
  Plan plan(const std::string& text) const {
    return build::plan_stage({"Dockerfile", dockerfile::parse_dockerfile("FROM scratch\n" + text, "Dockerfile")}, inputs);
  }
};

bool has(const std::vector<std::string>& list, const std::string& entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

}  // namespace

TEST_CASE("values within one ENV see the environment before it") {
  const auto plan = Fixture().plan("ENV a=1\nENV a=2 b=$a\n");
  CHECK(plan.config.env == std::vector<std::string>{"PATH=/bin", "a=2", "b=1"});
}

TEST_CASE("RUN sees ARG and ENV, and ENV beats ARG; the image keeps only ENV") {
  const auto plan = Fixture().plan("ARG x=arg\nARG y=arg\nENV x=env\nRUN true\n");
  CHECK(has(plan.steps[0].environment, "x=env"));
  CHECK(has(plan.steps[0].environment, "y=arg"));
  CHECK(plan.config.find_env("y") == std::nullopt);
}

TEST_CASE("a build argument overrides a default only where it is declared") {
  Fixture fixture;
  fixture.inputs.build_args = {{"x", "given"}, {"undeclared", "1"}};
  const auto plan = fixture.plan("RUN true\nARG x=default\nRUN true\n");
  CHECK_FALSE(has(plan.steps[0].environment, "x=given"));
  CHECK(has(plan.steps[1].environment, "x=given"));
  CHECK_FALSE(has(plan.steps[1].environment, "undeclared=1"));
}

TEST_CASE("the shell form runs in SHELL, the exec form as it stands") {
  const auto plan = Fixture().plan("RUN echo $HOME\nSHELL [\"/bin/bash\", \"-ec\"]\nRUN a && b\nRUN [\"/x\", \"$y\"]\n");
  CHECK(plan.steps[0].argv == std::vector<std::string>{"/bin/sh", "-c", "echo $HOME"});
  CHECK(plan.steps[1].argv == std::vector<std::string>{"/bin/bash", "-ec", "a && b"});
  CHECK(plan.steps[2].argv == std::vector<std::string>{"/x", "$y"});
}

TEST_CASE("WORKDIR is relative to the last one and places COPY") {
  const auto plan = Fixture().plan("WORKDIR /opt\nWORKDIR ros/../app\nCOPY a.txt .\nCOPY a.txt x\n");
  CHECK(plan.config.working_dir == "/opt/app");
  CHECK(plan.steps[2].destination == "/opt/app/");
  CHECK(plan.steps[3].destination == "/opt/app/x");
}

TEST_CASE("ENTRYPOINT drops an inherited CMD but not one of the same file") {
  Fixture fixture;
  fixture.base.config.config.cmd = {"inherited"};
  CHECK_FALSE(fixture.plan("ENTRYPOINT [\"e\"]\n").config.cmd);
  CHECK(fixture.plan("CMD [\"c\"]\nENTRYPOINT [\"e\"]\n").config.cmd == std::vector<std::string>{"c"});
}

TEST_CASE("a key changes with each thing that can change the result, and with nothing else") {
  const Fixture fixture;
  const std::string key = fixture.plan("COPY a.txt /\nRUN make\n").key;
  CHECK(key == fixture.plan("# comment\nCOPY   a.txt   /\nRUN make\n").key);
  CHECK(key != fixture.plan("COPY b.txt /\nRUN make\n").key);
  CHECK(key != fixture.plan("COPY a.txt /x\nRUN make\n").key);
  CHECK(key != fixture.plan("COPY --chown=1 a.txt /\nRUN make\n").key);
  CHECK(key != fixture.plan("COPY a.txt /\nENV a=1\nRUN make\n").key);
  CHECK(key != fixture.plan("COPY a.txt /\nUSER 1\nRUN make\n").key);
  Fixture other;
  CHECK(key == other.plan("COPY a.txt /\nRUN make\n").key);
  other.top.root().write_file("a.txt", "changed");
  CHECK(key != other.plan("COPY a.txt /\nRUN make\n").key);
  other.top.root().write_file("a.txt", "a");
  other.base.layers.push_back({oci::Digest::of("x"), {std::string(oci::k_media_layer), oci::Digest::of("x"), 1, {}, std::nullopt, {}, {}}});
  CHECK(key != other.plan("COPY a.txt /\nRUN make\n").key);
}

TEST_CASE("proxies reach RUN but no key") {
  Fixture fixture;
  const std::string key = fixture.plan("RUN make\n").key;
  fixture.inputs.hidden_environment = {{"http_proxy", "http://p:1"}};
  const auto plan = fixture.plan("RUN make\n");
  CHECK(plan.key == key);
  CHECK(has(plan.steps[0].environment, "http_proxy=http://p:1"));
}

TEST_CASE("COPY matches wildcards within a component and names what is missing") {
  const Fixture fixture;
  CHECK(fixture.plan("COPY *.txt /x/\n").steps[0].sources.size() == 2);
  CHECK(fixture.plan("COPY ../../a.txt /x/\n").steps[0].sources.size() == 1);
  CHECK_THROWS_WITH(fixture.plan("COPY a.tx /x/\n"), Catch::Contains("is not in the build context"));
  CHECK_THROWS_WITH(fixture.plan("COPY *.txt /x\n"), Catch::Contains("ends in /"));
  CHECK_THROWS_WITH(fixture.plan("COPY missing /\n"), Catch::Contains("missing"));
}

TEST_CASE("what is not supported is refused with its place") {
  const Fixture fixture;
  for (const char* text :
       {"RUN --mount=type=cache,target=/x true\n", "COPY --from=x a b\n", "FROM scratch\n", "ADD a.txt /\n", "RUN <<EOF\ntrue\nEOF\n"}) {
    try {
      fixture.plan(text);
      FAIL("accepted: " << text);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::unsupported);
      CHECK(error.steps().front() == "Dockerfile:2:1");
    }
  }
}

TEST_CASE("FROM is expanded with global arguments only") {
  const build::SourceFile file{"Dockerfile", dockerfile::parse_dockerfile("ARG BASE=debian\nFROM ${BASE}:12 AS x\n", "Dockerfile")};
  CHECK(build::list_stages(file, {})[0].image == "debian:12");
  CHECK(build::list_stages(file, {{"BASE", "ubuntu"}})[0].image == "ubuntu:12");
  CHECK(build::list_stages(file, {})[0].name == "x");
}
