// SPDX-License-Identifier: Apache-2.0
#include "build/device_access.h"

#include <catch2/catch.hpp>

#include "build/device_links.h"
#include "build/planner.h"
#include "jcbuild/error.h"
#include "util/file.h"

using namespace jcb;
using namespace jcb::build;
using Catch::Contains;

namespace {

using Names = std::vector<std::string>;

constexpr const char* k_spec = R"({"cdiVersion":"0.6.0","kind":"v.com/gpu","devices":[
  {"name":"1","containerEdits":{"env":["GPU=1"]},"annotations":{"org.mobyproject.buildkit.device.class":"big"}},
  {"name":"0","containerEdits":{"env":["GPU=0"]},"annotations":{"org.mobyproject.buildkit.device.class":"big"}},
  {"name":"all","containerEdits":{"env":["GPU=all"]}}]})";
constexpr const char* k_open_spec = R"({"cdiVersion":"0.6.0","kind":"open.com/x","devices":[
  {"name":"y","containerEdits":{"env":["X=y"]}},
  {"name":"no","containerEdits":{"env":["X=no"]},"annotations":{"org.mobyproject.buildkit.device.autoallow":"false"}}],
  "annotations":{"org.mobyproject.buildkit.device.autoallow":"true"}})";

struct Fixture {
  Names warnings;
  std::unique_ptr<DeviceAccess> access;

  explicit Fixture(const Names& entitlements = {}, const Names& everywhere = {}) {
    DeviceGrants grants;
    for (const auto& entitlement : entitlements) grant_device(grants, entitlement);
    const cdi::SpecTexts texts{{"/etc/cdi", "/var/run/cdi"}, {{"/etc/cdi/v.json", 0, k_spec}, {"/etc/cdi/o.json", 0, k_open_spec}}, {}};
    access = std::make_unique<DeviceAccess>(texts, grants, everywhere, [this](const std::string& text) { warnings.push_back(text); });
  }
  Names resolve(const Names& flags) const {
    Names written;
    for (const auto& flag : flags) written.push_back("--device=" + flag);
    return access->resolve(dockerfile::parse_run_options(written).devices);
  }
  ErrorKind fault(const Names& flags) const {
    try {
      resolve(flags);
    } catch (const Error& error) {
      return error.kind();
    }
    FAIL("resolved");
    return {};
  }
};

}  // namespace

TEST_CASE("a name means a device, the first of a class, all of a class, or those of an annotated class") {
  const Fixture fixture({"device"});
  const std::pair<const char*, Names> rows[] = {
      {"v.com/gpu=all", {"v.com/gpu=all"}},
      {"v.com/gpu", {"v.com/gpu=0"}},
      {"v.com/gpu=*", {"v.com/gpu=0", "v.com/gpu=1", "v.com/gpu=all"}},
      {"v.com/gpu=big", {"v.com/gpu=0", "v.com/gpu=1"}},
      {"name=v.com/gpu=1,required", {"v.com/gpu=1"}},
  };
  for (const auto& [flag, devices] : rows) {
    INFO(flag);
    CHECK(fixture.resolve({flag}) == devices);
  }
  CHECK(fixture.resolve({"v.com/gpu=1", "v.com/gpu=big"}) == Names{"v.com/gpu=1", "v.com/gpu=0"});
  CHECK(fixture.warnings.empty());
}

TEST_CASE("an optional device that is not there is left out with a warning, a required one is an error with the directories") {
  const Fixture fixture({"device"});
  for (const char* absent : {"v.com/gpu=7", "w.com/gpu", "w.com/gpu=*", "v.com/gpu=small"}) {
    INFO(absent);
    CHECK(fixture.resolve({absent}).empty());
    CHECK(fixture.fault({std::string(absent) + ",required"}) == ErrorKind::not_found);
  }
  CHECK(fixture.warnings.size() == 4);
  CHECK_THAT(fixture.warnings[0], Contains("there is no device v.com/gpu=7"));
  CHECK_THROWS_WITH(fixture.resolve({"v.com/gpu=7,required"}), "there is no device v.com/gpu=7 in /etc/cdi, /var/run/cdi");
}

TEST_CASE("what is no name of a device is refused, required or not") {
  const Fixture fixture({"device"});
  for (const char* bad : {"gpu", "gpu=all", "/dev/null", "v.com/", "v.com/9", "*", "v.com/gpu=", "v.com/gpu=a b", "v.com/gpu=-"}) {
    INFO(bad);
    CHECK(fixture.fault({bad}) == ErrorKind::invalid);
  }
}

TEST_CASE("a device that nobody allowed is refused with what would allow it") {
  CHECK_THROWS_WITH(Fixture().resolve({"v.com/gpu=all"}), "the device v.com/gpu=all is asked for and not allowed");
  CHECK(Fixture({"device=v.com/gpu=all"}).resolve({"v.com/gpu=all"}) == Names{"v.com/gpu=all"});
  CHECK(Fixture({"device=v.com/gpu=1"}).fault({"v.com/gpu=all"}) == ErrorKind::refused);
  CHECK(Fixture({"device=v.com/gpu=1"}).fault({"v.com/gpu=*"}) == ErrorKind::refused);
  CHECK(Fixture({"device=v.com/gpu"}).resolve({"v.com/gpu=0"}) == Names{"v.com/gpu=0"});
  CHECK(Fixture({"device=v.com/gpu"}).fault({"v.com/gpu=1"}) == ErrorKind::refused);
  CHECK(Fixture({"device=v.com/gpu=*"}).resolve({"v.com/gpu=1"}) == Names{"v.com/gpu=1"});
  CHECK(Fixture({"device=v.com/gpu=big"}).resolve({"v.com/gpu=1", "v.com/gpu=0"}) == Names{"v.com/gpu=1", "v.com/gpu=0"});
  CHECK(Fixture().resolve({"v.com/gpu=7"}).empty());
}

TEST_CASE("a specification can allow its devices itself") {
  CHECK(Fixture().resolve({"open.com/x=y"}) == Names{"open.com/x=y"});
  CHECK(Fixture().fault({"open.com/x=no"}) == ErrorKind::refused);
}

TEST_CASE("an alias gives a device another name, and allows it") {
  const Fixture fixture({"device=v.com/gpu=1,alias=v.com/gpu=best"});
  CHECK(fixture.resolve({"v.com/gpu=best"}) == Names{"v.com/gpu=1"});
  CHECK(fixture.fault({"v.com/gpu=1"}) == ErrorKind::refused);
}

TEST_CASE("devices of the command line are for every RUN, first and allowed") {
  const Fixture fixture({}, {"v.com/gpu=all"});
  CHECK(fixture.resolve({}) == Names{"v.com/gpu=all"});
  CHECK(fixture.resolve({"open.com/x=y", "v.com/gpu=all"}) == Names{"v.com/gpu=all", "open.com/x=y"});
  CHECK(fixture.fault({"v.com/gpu=1"}) == ErrorKind::refused);
  CHECK(Fixture({}, {"v.com/gpu=7"}).fault({}) == ErrorKind::not_found);
}

TEST_CASE("entitlements are of devices or not") {
  for (const char* good : {"device", "device=v.com/gpu=all"}) CHECK(is_device_entitlement(good));
  for (const char* bad : {"", "devices", "security.insecure", "dev"}) CHECK_FALSE(is_device_entitlement(bad));
  DeviceGrants grants;
  for (const char* bad : {"device=", "device=gpu", "device=v.com/gpu=1,x=y", "device=v.com/gpu=1,alias=", "device=/dev/null"}) {
    INFO(bad);
    CHECK_THROWS_AS(grant_device(grants, bad), Error);
  }
}

TEST_CASE("a step's key covers which devices it gets, and nothing where it gets none") {
  const Fixture fixture({"device"});
  PlanInputs inputs;
  inputs.load_image = [](const std::string&, const oci::Platform&) { return Base(); };
  inputs.devices = fixture.access.get();
  const auto device_parts = [&](const std::string& run) {
    const auto plan = plan_build(parse_source_file("FROM base\n" + run, "Dockerfile"), inputs).target_stage();
    Names values;
    for (const auto& part : plan.steps.at(0).parts) {
      if (part.name == "device") values.push_back(part.value);
    }
    CHECK(std::get<RunAction>(plan.steps.at(0).action).devices == values);
    return values;
  };
  CHECK(device_parts("RUN true\n").empty());
  CHECK(device_parts("RUN --device=v.com/gpu=7 true\n").empty());
  CHECK(device_parts("RUN --device=v.com/gpu=1 true\n") == Names{"v.com/gpu=1"});
  CHECK(device_parts("ARG x=v.com/gpu=big\nRUN --device=$x true\n") == Names{"v.com/gpu=0", "v.com/gpu=1"});
  inputs.devices = nullptr;
  CHECK_THROWS_WITH(device_parts("RUN --device=v.com/gpu=1 true\n"), "RUN --device is not allowed here");
}

TEST_CASE("links lead to what mounts show, through each other and into mounted directories") {
  const util::TempDir top{"/tmp"};
  top.root().make_dirs("lib/sub");
  for (const char* name : {"lib/libcuda.so.1.1", "lib/sub/deep", "alone"}) top.root().write_file(name, "x");
  const std::string host = top.path().native();
  const std::map<std::string, std::string> mounts{{"/usr/lib/libcuda.so.1.1", host + "/lib/libcuda.so.1.1"}, {"/opt/dir", host + "/lib"}};
  const std::vector<cdi::Link> links{
      {"libcuda.so.1.1", "/usr/lib/libcuda.so.1"},    // to a mount beside it
      {"libcuda.so.1", "/usr/lib/libcuda.so"},        // through another link
      {"../../opt/dir/sub/deep", "/usr/lib/deep"},    // into a mounted directory
      {"/opt/dir", "/usr/dir"},                       // to the directory itself
      {"dir/sub", "/usr/sub"},                        // through a link to a directory: not followed
      {"nothing", "/opt/dir/inside"},                 // lies in a mount
      {"libcuda.so.1.1", "/usr/lib/libcuda.so.1.1"},  // is a mount
      {"absent", "/opt/dangling"},                    // nowhere
      {"b", "/usr/a"},
      {"a", "/usr/b"},                                  // a loop
      {"../../../../../../../../alone", "/usr/climb"},  // stays in the container
      {"libcuda.so.1.1", "/usr/lib/libcuda.so.1"},      // once more
  };
  using Shown = DeviceLinks::Shown;
  CHECK(DeviceLinks(mounts, links).shown() == std::vector<Shown>{{"/usr/lib/libcuda.so.1", host + "/lib/libcuda.so.1.1"},
                                                                 {"/usr/lib/libcuda.so", host + "/lib/libcuda.so.1.1"},
                                                                 {"/usr/lib/deep", host + "/lib/sub/deep"},
                                                                 {"/usr/dir", host + "/lib"}});
}
