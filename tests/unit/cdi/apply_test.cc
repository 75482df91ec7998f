// SPDX-License-Identifier: Apache-2.0
#include "cdi/apply.h"

#include <sys/stat.h>
#include <catch2/catch.hpp>

#include "jcbuild/error.h"
#include "util/file.h"

using namespace jcb;
using namespace jcb::cdi;
using Catch::Contains;
using util::Json;

namespace {

// A host with these nodes.
HostNodes host() {
  return [](const std::string& path) -> std::optional<HostNode> {
    if (path == "/dev/char") return HostNode{"c", 195, 255, 0660};
    if (path == "/dev/block") return HostNode{"b", 8, 1, 0600};
    if (path == "/dev/pipe") return HostNode{"p", 0, 0, 0644};
    return std::nullopt;
  };
}

Json edit(const ContainerEdits& edits, const std::string& config, bool hooks = true) {
  Json json = Json::parse(config);
  apply_edits(edits, json, {.host = host(), .hooks = hooks});
  return json;
}

ContainerEdits nodes(std::vector<DeviceNode> list) {
  ContainerEdits edits;
  edits.device_nodes = std::move(list);
  return edits;
}

DeviceNode node(const std::string& path, const std::string& type = "", std::int64_t major = 0, std::int64_t minor = 0) {
  DeviceNode result;
  result.path = path;
  result.type = type;
  result.major = major;
  result.minor = minor;
  return result;
}

ContainerEdits mounts(std::vector<Mount> list) {
  ContainerEdits edits;
  edits.mounts = std::move(list);
  return edits;
}

std::vector<std::string> destinations(const Json& config) {
  std::vector<std::string> paths;
  for (const auto& mount : config.at("mounts")) paths.push_back(mount.at("destination"));
  return paths;
}

}  // namespace

TEST_CASE("no edits leave the runtime spec as it is") {
  const std::string config = R"({"ociVersion":"1.0.2","mounts":[{"destination":"/a/b"},{"destination":"/c"}]})";
  CHECK(edit({}, config) == Json::parse(config));
}

TEST_CASE("a variable replaces the old one in its place, a new one comes last") {
  ContainerEdits edits;
  edits.env = {"B=new", "C=1", "C=2", "AA=x"};
  CHECK(edit(edits, R"({"process":{"env":["A=1","B=old","D=1"]}})") ==
        Json::parse(R"({"process":{"env":["A=1","B=new","D=1","C=2","AA=x"]}})"));
  CHECK(edit(edits, "{}").at("process").at("env").size() == 3);
}

TEST_CASE("a node takes what it leaves out from the host") {
  const Json json = edit(nodes({node("/dev/char")}), "{}");
  CHECK(json.at("linux").at("devices") == Json::parse(R"([{"path":"/dev/char","type":"c","major":195,"minor":255,"fileMode":432}])"));
  CHECK(json.at("linux").at("resources").at("devices") ==
        Json::parse(R"([{"allow":true,"type":"c","major":195,"minor":255,"access":"rwm"}])"));
}

TEST_CASE("the node of another path is shown under the path that is asked for") {
  auto wanted = node("/dev/other");
  wanted.host_path = "/dev/char";
  CHECK(edit(nodes({wanted}), "{}").at("linux").at("devices")[0].at("path") == "/dev/other");
  CHECK(edit(nodes({wanted}), "{}").at("linux").at("devices")[0].at("major") == 195);
}

TEST_CASE("a node that gives type and number, or is a fifo, need not be there; any other must") {
  CHECK(edit(nodes({node("/dev/absent", "c", 1, 3)}), "{}").at("linux").at("devices") ==
        Json::parse(R"([{"path":"/dev/absent","type":"c","major":1,"minor":3}])"));
  CHECK(edit(nodes({node("/dev/absent", "p")}), "{}").at("linux").at("devices")[0].at("type") == "p");
  CHECK_THROWS_WITH(edit(nodes({node("/dev/absent")}), "{}"), "there is no device /dev/absent on this machine");
  CHECK_THROWS_WITH(edit(nodes({node("/dev/absent", "c")}), "{}"), Contains("there is no device"));
  CHECK_THROWS_WITH(edit(nodes({node("/dev/absent", "", 1, 3)}), "{}"), Contains("there is no device"));
}

TEST_CASE("a node of another type than the host's is refused; u is a character device") {
  CHECK_THROWS_WITH(edit(nodes({node("/dev/char", "b", 1, 1)}), "{}"), Contains("is of type c on this machine, not b"));
  CHECK_THROWS_WITH(edit(nodes({node("/dev/pipe", "c", 1, 1)}), "{}"), Contains("is of type p on this machine, not c"));
  const Json json = edit(nodes({node("/dev/char", "u")}), "{}");
  CHECK(json.at("linux").at("devices")[0].at("type") == "u");
  CHECK_FALSE(json.at("linux").contains("resources"));
}

TEST_CASE("given numbers win over the host's; a fifo has none") {
  CHECK(edit(nodes({node("/dev/char", "c", 10, 81)}), "{}").at("linux").at("devices")[0].at("minor") == 81);
  const Json fifo = edit(nodes({node("/dev/pipe")}), "{}");
  CHECK(fifo.at("linux").at("devices") == Json::parse(R"([{"path":"/dev/pipe","type":"p","major":0,"minor":0,"fileMode":420}])"));
  CHECK_FALSE(fifo.at("linux").contains("resources"));
}

TEST_CASE("owners are the node's, else the process's when it is not root") {
  auto owned = node("/dev/char");
  owned.uid = 7;
  const std::string config = R"({"process":{"user":{"uid":1000,"gid":44}}})";
  const Json device = edit(nodes({owned}), config).at("linux").at("devices")[0];
  CHECK(device.at("uid") == 7);
  CHECK(device.at("gid") == 44);
  CHECK_FALSE(edit(nodes({node("/dev/char")}), R"({"process":{"user":{"uid":0,"gid":0}}})").at("linux").at("devices")[0].contains("uid"));
}

TEST_CASE("permissions become the rule of the cgroup, none an empty one") {
  auto wanted = node("/dev/block");
  const auto rule = [&](const char* permissions) {
    wanted.permissions = permissions;
    return edit(nodes({wanted}), "{}").at("linux").at("resources").at("devices")[0];
  };
  CHECK(rule("") == Json::parse(R"({"allow":true,"type":"b","major":8,"minor":1,"access":"rwm"})"));
  CHECK(rule("r").at("access") == "r");
  CHECK_FALSE(rule("none").contains("access"));
}

TEST_CASE("a node replaces one of the same path and comes last; rules are added") {
  const std::string config = R"({"linux":{"devices":[{"path":"/dev/char","major":1},{"path":"/dev/x","major":2}],
    "resources":{"devices":[{"allow":false,"access":"rwm"}]}}})";
  const Json json = edit(nodes({node("/dev/char")}), config);
  REQUIRE(json.at("linux").at("devices").size() == 2);
  CHECK(json.at("linux").at("devices")[0].at("path") == "/dev/x");
  CHECK(json.at("linux").at("devices")[1].at("major") == 195);
  CHECK(json.at("linux").at("resources").at("devices").size() == 2);
}

TEST_CASE("mounts replace those of the same place and are sorted by depth, else in order") {
  const std::string config = R"({"mounts":[{"destination":"/a/b/c","source":"1"},{"destination":"/x","source":"2"},
    {"destination":"/a","source":"3"},{"destination":"/y/","source":"4"}]})";
  const Json json = edit(mounts({{"/h1", "/a/b", {}, ""}, {"/h2", "/x", {"ro"}, "bind"}, {"/h3", "/a/./q", {}, ""}}), config);
  CHECK(destinations(json) == std::vector<std::string>{"/a", "/y/", "/x", "/a/b", "/a/./q", "/a/b/c"});
  CHECK(json.at("mounts")[2] == Json::parse(R"({"destination":"/x","type":"bind","source":"/h2","options":["ro"]})"));
  CHECK(json.at("mounts")[3] == Json::parse(R"({"destination":"/a/b","source":"/h1"})"));
}

TEST_CASE("in a user namespace binds are idmapped unless they say so themselves") {
  const std::string config = R"({"linux":{"namespaces":[{"type":"pid"},{"type":"user"}]}})";
  const auto options = [&](std::vector<std::string> given, const std::string& where) {
    return edit(mounts({{"/h", "/m", std::move(given), ""}}), where).at("mounts")[0].at("options");
  };
  CHECK(options({"ro", "bind"}, config) == Json{"ro", "bind", "idmap"});
  CHECK(options({"rbind", "ro"}, config) == Json{"rbind", "ro", "ridmap"});
  CHECK(options({"bind", "ridmap"}, config) == Json{"bind", "ridmap"});
  CHECK(options({"ro"}, config) == Json::array({"ro"}));
  CHECK(options({"bind"}, "{}") == Json::array({"bind"}));
  Json without = Json::parse(config);
  apply_edits(mounts({{"/h", "/m", {"bind"}, ""}}), without, {.host = host(), .idmap = false});
  CHECK(without.at("mounts")[0].at("options") == Json::array({"bind"}));
}

TEST_CASE("network devices, hooks, resource control and groups are merged in") {
  ContainerEdits edits;
  edits.net_devices = {{"eth0", "net0"}};
  edits.hooks = {{"createContainer", "/h", {"h", "x"}, {"A=1"}, 5}, {"poststop", "/p", {}, {}, {}}};
  edits.intel_rdt = IntelRdt{"id", "l3", "mb", std::vector<std::string>{"L3:0=f"}, true};
  edits.additional_gids = {44, 0, 44, 10};
  const std::string config = R"({"process":{"user":{"additionalGids":[10]}},"hooks":{"createContainer":[{"path":"/old"}]},
    "linux":{"netDevices":{"eth1":{"name":"b"}},"intelRdt":{"closID":"old","l3CacheSchema":"gone"}}})";
  const Json json = edit(edits, config);
  CHECK(json.at("linux").at("netDevices") == Json::parse(R"({"eth1":{"name":"b"},"eth0":{"name":"net0"}})"));
  CHECK(json.at("hooks") == Json::parse(R"({"createContainer":[{"path":"/old"},{"path":"/h","args":["h","x"],"env":["A=1"],"timeout":5}],
    "poststop":[{"path":"/p"}]})"));
  CHECK(json.at("linux").at("intelRdt") ==
        Json::parse(R"({"closID":"id","schemata":["L3:0=f"],"l3CacheSchema":"l3","memBwSchema":"mb","enableMonitoring":true})"));
  CHECK(json.at("process").at("user").at("additionalGids") == Json{10, 44});
  CHECK(edit(edits, config, false).at("hooks") == Json::parse(R"({"createContainer":[{"path":"/old"}]})"));
}

TEST_CASE("a runtime spec that is none is refused, and one that fails stays as it was") {
  CHECK_THROWS_WITH(edit({}, "[]"), "a runtime spec is a JSON object");
  ContainerEdits edits;
  edits.env = {"A=1"};
  CHECK_THROWS_WITH(edit(edits, R"({"process":[]})"), "'process' in the runtime spec is of the wrong type");
  CHECK_THROWS_WITH(edit(edits, R"({"process":{"env":"A"}})"), "'env' in the runtime spec is of the wrong type");
  edits.device_nodes = {node("/dev/absent")};
  Json config = Json::parse(R"({"process":{"env":["A=0"]}})");
  CHECK_THROWS_AS(apply_edits(edits, config, {.host = host()}), Error);
  CHECK(config == Json::parse(R"({"process":{"env":["A=0"]}})"));
}

TEST_CASE("the host's nodes are looked at without following links") {
  CHECK(find_host_node("/dev/null") == HostNode{"c", 1, 3, find_host_node("/dev/null")->mode});
  CHECK(find_host_node("/etc/passwd") == std::nullopt);
  CHECK(find_host_node("/absent") == std::nullopt);
  CHECK(find_host_node("/dev/stdin") == std::nullopt);
  const util::TempDir top{"/tmp"};
  const auto pipe = (top.path() / "pipe").native();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(find_host_node(pipe) == HostNode{"p", 0, 0, 0600});
}
