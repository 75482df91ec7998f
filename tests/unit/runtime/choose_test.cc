// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/error.h"
#include "runtime/advisories.h"
#include "runtime/container.h"
#include "runtime/failure.h"
#include "runtime/host.h"
#include "util/child.h"

#include <catch2/catch.hpp>

using namespace jcb;
using namespace jcb::runtime;
using Catch::Matchers::Contains;

namespace {

std::size_t count_holes(const char* runtime, const std::string& output) { return find_advisories(runtime, output).size(); }

int code_of(const std::string& message) {
  return explain_start_failure(R"({"level":"warning","msg":"w"}
{"level":"error","msg":")" + message +
                                   "\"}\n",
                               "runc")
      .code;
}

}  // namespace

TEST_CASE("holes are told by the release line of the version") {
  CHECK(count_holes("runc", "runc version 1.1.5\ncommit: x\n") == 4);
  CHECK(count_holes("runc", "runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\n") == 3);
  CHECK(count_holes("runc", "runc version 1.1.12\n") == 3);
  CHECK(count_holes("runc", "runc version 1.2.7\n") == 2);
  CHECK(count_holes("runc", "runc version 1.2.8\n") == 1);
  CHECK(count_holes("runc", "runc version 1.3.2\n") == 2);
  CHECK(count_holes("runc", "runc version 1.3.6\n") == 0);
  CHECK(count_holes("runc", "runc version 1.4.0-rc.1\n") == 2);
  CHECK(count_holes("runc", "runc version 1.4.0\n") == 1);
  CHECK(count_holes("runc", "runc version 2.0.0\n") == 0);
  CHECK(count_holes("crun", "crun version 1.8.1\ncommit: x\n") == 2);
  CHECK(count_holes("crun", "crun version 1.28\n") == 0);
  CHECK(find_advisories("runc", "garbage") == std::vector<std::string>{"its version cannot be read"});
  CHECK_THAT(find_advisories("crun", "crun version 1.27\n").front(), Contains("CVE-2026-47766") && Contains("1.28.0"));
}

TEST_CASE("a version is the first line's") {
  CHECK(parse_runtime_version("runc version 1.1.5+ds1\ncommit: y\n") == "1.1.5+ds1");
  CHECK(parse_runtime_version("") == "");
}

TEST_CASE("a start that failed has docker's exit code") {
  CHECK(code_of(R"(runc run failed: unable to start container process: exec: \"x\": executable file not found in $PATH)") == 127);
  CHECK(
      code_of(
          R"(runc create failed: unable to start container process: error during container init: exec: \"/x\": stat /x: no such file or directory)") ==
      127);
  CHECK(code_of(R"(runc run failed: unable to start container process: exec: \"/etc\": permission denied)") == 126);
  CHECK(code_of(R"(runc run failed: unable to start container process: exec: \"/etc\": is a directory)") == 126);
  CHECK(code_of("executable file `x` not found in $PATH: No such file or directory") == 127);
  CHECK(code_of("open executable: Permission denied") == 126);
  CHECK(
      code_of(
          R"(runc run failed: unable to start container process: error mounting \"/x\" to rootfs at \"/y\": stat /x: no such file or directory)") ==
      125);
}

TEST_CASE("the reason is the last error, safe to print, and a log without one is no reason to fail") {
  const auto failure = explain_start_failure(
      "plain text\n{\"level\":\"error\",\"msg\":\"first\"}\n{\"level\":\"error\",\"msg\":\"se\\u001bcond\"}\n{\"lev", "runc");
  CHECK(failure.message == "runc: se\\x1bcond");
  CHECK(failure.code == 125);
  CHECK_THAT(explain_start_failure("", "crun").message, Contains("crun did not start the container"));
}

TEST_CASE("an unknown runtime is refused and a path is taken as given") {
  CHECK_THROWS_AS(choose_runtime("kata"), Error);
  CHECK_THROWS_AS(choose_runtime("/no/such/runc"), Error);
  const auto runtime = choose_runtime("/bin/true");
  CHECK(runtime.program == "/bin/true");
  CHECK(runtime.name == "runc");
}

TEST_CASE("what is chosen is installed and fits the control groups of this host") {
  const auto all = list_runtimes();
  if (all.empty()) {
    CHECK_THROWS_AS(choose_runtime(""), Error);
    return;
  }
  for (const auto& runtime : all) CHECK_FALSE(runtime.version.empty());
  if (find_cgroup_layout() == CgroupLayout::hybrid && !util::find_trusted_program("runc")) return;
  const auto chosen = choose_runtime("");
  CHECK(std::any_of(all.begin(), all.end(), [&](const Runtime& runtime) { return runtime.program == chosen.program; }));
  if (find_cgroup_layout() == CgroupLayout::hybrid) CHECK(chosen.name == "runc");
}
