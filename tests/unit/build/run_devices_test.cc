// SPDX-License-Identifier: Apache-2.0
// Devices of a RUN as a whole: edits to what a command sees, and nothing of it in the layer.
#include "build/run_devices.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "isolated.h"
#include "jcbuild/error.h"

using namespace jcb;
using namespace jcb::build;
using Catch::Contains;

namespace {

cdi::DeviceNode node(const std::string& path, const std::string& host_path) {
  cdi::DeviceNode result;
  result.path = path;
  result.host_path = host_path;
  return result;
}

cdi::Hook nvidia(std::vector<std::string> args) {
  args.insert(args.begin(), "nvidia-cdi-hook");
  return {"createContainer", "/usr/bin/nvidia-cdi-hook", std::move(args), {}, {}};
}

// A driver's library, and a device that shows it.
struct Driver {
  util::TempDir top{"/tmp"};
  cdi::ContainerEdits edits;
  Driver() {
    if (::chmod(top.path().c_str(), 0755) != 0) throw_errno("change the mode of", top.path().native());
    top.root().write_file("libstandin.so.1.1", "of the driver\n");
    edits.env = {"DEVICE=given", "OLD=new"};
    edits.device_nodes = {node("/dev/jc/null", "/dev/null")};
    edits.mounts = {{library(), "/drv/libstandin.so.1.1", {"ro", "rbind"}, ""}};
    edits.hooks = {nvidia({"create-symlinks", "--link", "libstandin.so.1.1::/drv/libstandin.so.1"}),
                   nvidia({"update-ldcache", "--folder", "/drv", "--folder", "/usr/lib"})};
  }
  std::string library() const { return (top.path() / "libstandin.so.1.1").native(); }
};

// What the script prints in a RUN with these devices, and then what its layer holds.
std::string run(const std::string& script, const std::function<void(Driver&)>& change = {},
                sandbox::IsolationChoice choice = sandbox::IsolationChoice::automatic) {
  return isolated(
      [&] {
        Driver driver;
        if (change) change(driver);
        const RunDevices devices(driver.edits);
        TestRoot root;
        sandbox::make_skeleton(root.top.root().subroot("skeleton"), devices.points());
        root.open();
        sandbox::Job job = root.job(script);
        job.environment.push_back("OLD=old");
        devices.add_to(job);
        const std::string printed = root.run(job);
        root.mount.reset();
        return printed + root.upper();
      },
      choice);
}

std::string fault(const std::function<void(cdi::ContainerEdits&)>& change) {
  Driver driver;
  change(driver.edits);
  try {
    const RunDevices devices(driver.edits);
    return "nothing thrown";
  } catch (const Error& error) {
    return error.message();
  }
}

}  // namespace

TEST_CASE("a RUN sees nodes, mounts, links and variables of its devices, and its layer nothing", "[kernel]") {
  const std::string script =
      "echo x > /dev/jc/null && test -c /dev/jc/null && echo node; cat /drv/libstandin.so.1.1 /drv/libstandin.so.1; "
      "echo $DEVICE $OLD $LD_LIBRARY_PATH; (echo y > /drv/libstandin.so.1.1) 2> /dev/null || echo read-only; "
      "test /drv/libstandin.so.1 -ef /drv/libstandin.so.1.1 && echo same";
  const std::string expected = "node\nof the driver\nof the driver\ngiven new /drv\nread-only\nsame\n";
  CHECK(run(script) == expected);
  CHECK(run(script, {}, sandbox::IsolationChoice::single_uid) == expected);
}

TEST_CASE("what a RUN itself makes beside its devices is its layer", "[kernel]") { CHECK(run("echo mine > /drv/own") == "drv\ndrv/own\n"); }

TEST_CASE("a tmpfs of a device has its size and mode", "[kernel]") {
  CHECK(run("stat -f -c %T /scratch; stat -c %a /scratch; touch /scratch/x", [](Driver& driver) {
          driver.edits.mounts.push_back({"tmpfs", "/scratch", {"size=64k", "mode=0700"}, "tmpfs"});
        }) == "tmpfs\n700\n");
}

TEST_CASE("root's RUN is in the groups that a device asks for", "[kernel]") {
  if (::geteuid() != 0) {
    WARN("skip: only root can give groups");
    return;
  }
  const auto groups = [](Driver& driver) { driver.edits.additional_gids = {0, 4444}; };
  CHECK(run("id -G", groups, sandbox::IsolationChoice::root) == "0 4444\n");
}

TEST_CASE("a mount or node of a later device takes the place of an earlier one") {
  Driver driver;
  driver.edits.device_nodes.push_back(node("/dev/jc/null", "/dev/zero"));
  driver.edits.mounts.push_back({"/etc", "/drv/libstandin.so.1.1", {}, ""});
  sandbox::Job job;
  RunDevices(driver.edits).add_to(job);
  REQUIRE(job.binds.size() == 3);
  CHECK(job.binds[0].source == "/dev/zero");
  CHECK(job.binds[1].source == "/etc");
  CHECK_FALSE(job.binds[1].read_only);
  CHECK(job.device_groups == std::vector<std::uint32_t>{});
}

TEST_CASE("libraries are looked for in the job's own directories first") {
  sandbox::Job job;
  job.environment = {"LD_LIBRARY_PATH=/mine", "A=1"};
  RunDevices(Driver().edits).add_to(job);
  CHECK(job.environment == std::vector<std::string>{"A=1", "DEVICE=given", "OLD=new", "LD_LIBRARY_PATH=/mine:/drv"});
  sandbox::Job other;
  RunDevices().add_to(other);
  CHECK(other.environment.empty());
  CHECK_FALSE(other.device_groups);
}

TEST_CASE("what this machine lacks is named") {
  CHECK(fault([](auto& edits) { edits.device_nodes = {node("/dev/a", "/dev/absent")}; }) ==
        "there is no device /dev/absent on this machine");
  CHECK(fault([](auto& edits) {
          edits.device_nodes = {node("/dev/a", "/dev/absent")};
          edits.device_nodes[0].type = "c";
          edits.device_nodes[0].major = 195;
        }) == "there is no device /dev/absent on this machine");
  CHECK(fault([](auto& edits) { edits.device_nodes = {node("/dev/a", "/etc/passwd")}; }) ==
        "there is no device /etc/passwd on this machine");
  CHECK_THAT(fault([](auto& edits) {
               edits.mounts = {{"/absent/lib", "/lib/x", {}, ""}};
             }),
             Contains("/absent/lib, which this machine does not"));
}

TEST_CASE("R10: what a build step cannot have is refused, not left out") {
  CHECK_THAT(fault([](auto& edits) { edits.net_devices = {{"eth0", "net0"}}; }), Contains("network interface eth0"));
  CHECK_THAT(fault([](auto& edits) { edits.intel_rdt = cdi::IntelRdt(); }), Contains("intelRdt"));
  CHECK_THAT(fault([](auto& edits) { edits.hooks.push_back({"prestart", "/opt/hook", {}, {}, {}}); }), Contains("would run /opt/hook"));
  CHECK_THAT(fault([](auto& edits) { edits.mounts = {{"proc", "/p", {}, "proc"}}; }), Contains("file system of type proc"));
  CHECK_THAT(fault([](auto& edits) { edits.mounts = {{"tmpfs", "/p", {"mode=abc"}, "tmpfs"}}; }), Contains("is no mode"));
  CHECK_THAT(fault([](auto& edits) { edits.mounts = {{"tmpfs", "/p", {"size=big"}, "tmpfs"}}; }), Contains("size of a tmpfs"));
}
