// SPDX-License-Identifier: Apache-2.0
#include "cdi/spec_reader.h"

#include <catch2/catch.hpp>

#include "jcbuild/error.h"

using namespace jcb::cdi;
using Catch::Contains;

namespace {

// Everything that a specification can say.
constexpr const char* k_full = R"(cdiVersion: v1.1.0
kind: vendor.com/net.nic
annotations:
  org.vendor/what: a specification
containerEdits:
  env: [TOP=1]
devices:
- name: 0
  annotations: {plain: 7}
  containerEdits:
    env:
    - KEY=some=value
    - "EMPTY="
    deviceNodes:
    - path: /dev/a
      hostPath: /dev/b
      type: c
      major: 195
      minor: 0x10
      fileMode: 0666
      permissions: rw
      uid: 1000
      gid: "44x"
)";

std::string full() {
  std::string text = k_full;
  return text.replace(text.find("\"44x\""), 5, "44") + R"(    - path: /dev/pipe
      type: p
      permissions: none
    netDevices:
    - {hostInterfaceName: eth0, name: net0}
    mounts:
    - hostPath: /usr/lib/libx.so.1
      containerPath: /usr/lib/libx.so.1
      options: [ro, nosuid, nodev, rbind]
    - {hostPath: tmpfs, containerPath: /scratch, type: tmpfs}
    hooks:
    - hookName: createContainer
      path: /usr/bin/nvidia-cdi-hook
      args: [nvidia-cdi-hook, update-ldcache, --folder, /usr/lib]
      env: [A=b]
      timeout: 10
    additionalGids: [44, 0]
    intelRdt: {closID: /, l3CacheSchema: a, memBwSchema: b, schemata: ["L3:0=f"], enableMonitoring: true}
- name: all
  containerEdits: {env: [ALL=1]}
)";
}

std::string with_edits(const std::string& edits) {
  return R"({"cdiVersion":"1.1.0","kind":"v.com/c","devices":[{"name":"d","containerEdits":)" + edits + "}]}";
}

struct Bad {
  const char* edits;
  const char* cause;
};

}  // namespace

TEST_CASE("a specification is read whole") {
  const Spec spec = parse_spec("f.yaml", full());
  CHECK(spec.version == "1.1.0");
  CHECK(spec.kind == Kind{"vendor.com", "net.nic"});
  CHECK(spec.annotations == Annotations{{"org.vendor/what", "a specification"}});
  CHECK(spec.edits.env == std::vector<std::string>{"TOP=1"});
  REQUIRE(spec.devices.size() == 2);
  const Device& device = spec.devices[0];
  CHECK(device.name == "0");
  CHECK(device.annotations == Annotations{{"plain", "7"}});
  CHECK(device.edits.env == std::vector<std::string>{"KEY=some=value", "EMPTY="});
  REQUIRE(device.edits.device_nodes.size() == 2);
  CHECK(device.edits.device_nodes[0] == DeviceNode{"/dev/a", "/dev/b", "c", 195, 16, 0666, "rw", 1000, 44});
  CHECK(device.edits.device_nodes[1] == DeviceNode{"/dev/pipe", "", "p", 0, 0, {}, "none", {}, {}});
  CHECK(device.edits.net_devices == std::vector<NetDevice>{{"eth0", "net0"}});
  REQUIRE(device.edits.mounts.size() == 2);
  CHECK(device.edits.mounts[0] == Mount{"/usr/lib/libx.so.1", "/usr/lib/libx.so.1", {"ro", "nosuid", "nodev", "rbind"}, ""});
  CHECK(device.edits.mounts[1] == Mount{"tmpfs", "/scratch", {}, "tmpfs"});
  REQUIRE(device.edits.hooks.size() == 1);
  CHECK(device.edits.hooks[0].args.size() == 4);
  CHECK(device.edits.hooks[0].timeout == 10);
  CHECK(device.edits.additional_gids == std::vector<std::uint32_t>{44, 0});
  REQUIRE(device.edits.intel_rdt);
  CHECK(*device.edits.intel_rdt == IntelRdt{"/", "a", "b", std::vector<std::string>{"L3:0=f"}, true});
}

TEST_CASE("JSON and YAML of the same specification are the same; null is absent") {
  const char* json = R"({"cdiVersion":"0.5.0","kind":"v.com/c","annotations":null,"containerEdits":{},
    "devices":[{"name":"d","containerEdits":{"env":["A=1"],"mounts":null,"deviceNodes":[{"path":"/dev/x","fileMode":438,"uid":null}]}}]})";
  const char* yaml =
      "cdiVersion: '0.5.0'\nkind: v.com/c\ndevices:\n- name: d\n  containerEdits:\n    env: [A=1]\n    mounts: ~\n"
      "    deviceNodes:\n    - {path: /dev/x, fileMode: 0o666}\n";
  CHECK(parse_spec("f.json", json) == parse_spec("f.yaml", yaml));
  CHECK(parse_spec("f.json", json).devices[0].edits.device_nodes[0].file_mode == 0666);
}

TEST_CASE("R13: unknown fields are errors wherever they stand, with the nearest name") {
  CHECK_THROWS_WITH(parse_spec("f.yaml", full() + "extra: 1\n"), Contains("unknown key 'extra' in a CDI specification"));
  CHECK_THROWS_WITH(parse_spec("f.yaml", "kindd: a/b\n"), "f.yaml:1:1: unknown key 'kindd' in a CDI specification, did you mean kind?");
  const Bad rows[] = {
      {R"({"env":["A=1"],"environment":[]})", "unknown key 'environment' in 'containerEdits'"},
      {R"({"deviceNodes":[{"path":"/dev/x","mode":1}]})", "unknown key 'mode' in a device node"},
      {R"({"mounts":[{"hostPath":"/a","containerPath":"/b","readOnly":true}]})", "unknown key 'readOnly' in a mount"},
      {R"({"hooks":[{"hookName":"prestart","path":"/h","cwd":"/"}]})", "unknown key 'cwd' in a hook"},
      {R"({"intelRdt":{"enableCMT":true}})", "unknown key 'enableCMT' in 'intelRdt'"},
      {R"({"netDevices":[{"hostInterfaceName":"a","name":"b","mtu":1}]})", "unknown key 'mtu' in a network device"},
      {R"({"additionalGIDs":[1]})", "unknown key 'additionalGIDs'"},
  };
  for (const auto& row : rows) CHECK_THROWS_WITH(parse_spec("f.json", with_edits(row.edits)), Contains(row.cause));
  CHECK_THROWS_WITH(parse_spec("f.json", R"({"cdiVersion":"1.1.0","kind":"v.com/c","devices":[{"name":"d","path":"/x"}]})"),
                    Contains("unknown key 'path' in a device"));
}

TEST_CASE("each edit is checked") {
  const Bad rows[] = {
      {R"({"env":["A"]})", "'A' in 'env' is not NAME=VALUE"},
      {R"({"env":["=A"]})", "is not NAME=VALUE"},
      {R"({"env":[""]})", "is not NAME=VALUE"},
      {R"({"env":"A=1"})", "'env' must be a list"},
      {R"({"env":[["A=1"]]})", "'env' must be a text"},
      {R"({"env":["A=\u0000"]})", "holds a NUL byte"},
      {R"({"deviceNodes":[{}]})", "a device node needs 'path'"},
      {R"({"deviceNodes":[{"path":""}]})", "a device node needs 'path'"},
      {R"({"deviceNodes":[null]})", "a device node must be a mapping"},
      {R"({"deviceNodes":[{"path":"/dev/x","type":"d"}]})", "'d' is no type of a device node"},
      {R"({"deviceNodes":[{"path":"/dev/x","major":-1}]})", "'major' must be a whole number"},
      {R"({"deviceNodes":[{"path":"/dev/x","major":1.5}]})", "'major' must be a whole number"},
      {R"({"deviceNodes":[{"path":"/dev/x","minor":"1"}]})", "'minor' must be a whole number"},
      {R"({"deviceNodes":[{"path":"/dev/x","minor":9223372036854775808}]})", "'minor' must be a whole number"},
      {R"({"deviceNodes":[{"path":"/dev/x","uid":4294967296}]})", "'uid' must be a whole number from 0 to 4294967295"},
      {R"({"deviceNodes":[{"path":"/dev/x","fileMode":"0666"}]})", "'fileMode' must be a whole number"},
      {R"({"deviceNodes":[{"path":"/dev/x","permissions":"rx"}]})", "'rx' are no permissions"},
      {R"({"deviceNodes":[{"path":"/dev/x","permissions":"nonee"}]})", "'nonee' are no permissions"},
      {R"({"mounts":[{"containerPath":"/b"}]})", "a mount needs 'hostPath'"},
      {R"({"mounts":[{"hostPath":"/a"}]})", "a mount needs 'containerPath'"},
      {R"({"mounts":[{"hostPath":"/a","containerPath":"/b","options":"ro"}]})", "'options' must be a list"},
      {R"({"hooks":[{"hookName":"start","path":"/h"}]})", "'start' is no name of a hook"},
      {R"({"hooks":[{"hookName":"prestart"}]})", "a hook needs 'path'"},
      {R"({"hooks":[{"hookName":"prestart","path":"/h","env":["A"]}]})", "is not NAME=VALUE"},
      {R"({"additionalGids":[-1]})", "'additionalGids' must be a whole number"},
      {R"({"additionalGids":["video"]})", "'additionalGids' must be a whole number"},
      {R"({"intelRdt":{"closID":".."}})", "'closID' is no name of a directory"},
      {R"({"intelRdt":{"closID":"."}})", "'closID' is no name"},
      {R"({"intelRdt":{"closID":"a/b"}})", "'closID' is no name"},
      {R"({"intelRdt":{"closID":"a\nb"}})", "'closID' is no name"},
      {R"({"intelRdt":{"enableMonitoring":"true"}})", "'enableMonitoring' must be true or false"},
      {R"({"netDevices":[{"name":"b"}]})", "a network device needs 'hostInterfaceName'"},
      {R"({"netDevices":[{"hostInterfaceName":"a"}]})", "a network device needs 'name'"},
      {R"({"netDevices":[{"hostInterfaceName":"a","name":"b"},{"hostInterfaceName":"a","name":"c"}]})", "the interface 'a' is named twice"},
      {R"({"netDevices":[{"hostInterfaceName":"a","name":"b"},{"hostInterfaceName":"c","name":"b"}]})",
       "two network devices have the name 'b'"},
      {R"({})", "the device 'd' edits nothing"},
      {R"({"env":[]})", "the device 'd' edits nothing"},
      {R"([])", "'containerEdits' must be a mapping"},
  };
  for (const auto& row : rows) {
    INFO(row.edits);
    CHECK_THROWS_WITH(parse_spec("f.json", with_edits(row.edits)), Contains(row.cause));
  }
  CHECK_THROWS_WITH(parse_spec("f.json", with_edits(R"({"intelRdt":{"closID":")" + std::string(4096, 'x') + "\"}}")),
                    Contains("'closID' is no"));
  CHECK_NOTHROW(parse_spec("f.json", with_edits(R"({"intelRdt":{"closID":")" + std::string(4095, 'x') + "\"}}")));
  CHECK_NOTHROW(parse_spec("f.json", with_edits(R"({"intelRdt":{}})")));
}

TEST_CASE("R13: paths of a specification are absolute and do not climb") {
  const char* rows[] = {
      R"({"deviceNodes":[{"path":"dev/x"}]})",
      R"({"deviceNodes":[{"path":"/dev/../x"}]})",
      R"({"deviceNodes":[{"path":"/dev/x","hostPath":"x"}]})",
      R"({"deviceNodes":[{"path":"/dev/x","hostPath":"/dev/.."}]})",
      R"({"mounts":[{"hostPath":"a","containerPath":"/b"}]})",
      R"({"mounts":[{"hostPath":"/a/../b","containerPath":"/b"}]})",
      R"({"mounts":[{"hostPath":"a","containerPath":"/b","type":"bind"}]})",
      R"({"mounts":[{"hostPath":"/a","containerPath":"b"}]})",
      R"({"mounts":[{"hostPath":"/a","containerPath":"/../b"}]})",
      R"({"mounts":[{"hostPath":"tmpfs","containerPath":"../b","type":"tmpfs"}]})",
      R"({"hooks":[{"hookName":"prestart","path":"hook"}]})",
      R"({"hooks":[{"hookName":"prestart","path":"/usr/../hook"}]})",
  };
  for (const char* row : rows) {
    INFO(row);
    CHECK_THROWS_WITH(parse_spec("f.json", with_edits(row)), Contains("no absolute path") || Contains("no path may hold '..'"));
  }
  CHECK_NOTHROW(parse_spec("f.json", with_edits(R"({"mounts":[{"hostPath":"/a..b","containerPath":"/..c"}]})")));
}

TEST_CASE("a specification has a version, a kind and devices of different names") {
  const auto spec = [](const char* head, const char* devices) { return std::string("{") + head + R"("devices":)" + devices + "}"; };
  constexpr const char* k_head = R"("cdiVersion":"0.5.0","kind":"v.com/c",)";
  constexpr const char* k_one = R"([{"name":"d","containerEdits":{"env":["A=1"]}}])";
  CHECK_NOTHROW(parse_spec("f.json", spec(k_head, k_one)));
  const Bad rows[] = {
      {R"("kind":"v.com/c",)", "needs 'cdiVersion'"},
      {R"("cdiVersion":"0.5.0",)", "needs 'kind'"},
      {R"("cdiVersion":"0.5.0","kind":"c",)", "kind 'c' is not VENDOR/CLASS"},
      {R"("cdiVersion":"0.9.9","kind":"v.com/c",)", "'0.9.9' is no known version"},
  };
  for (const auto& row : rows) CHECK_THROWS_WITH(parse_spec("f.json", spec(row.edits, k_one)), Contains(row.cause));
  const Bad devices[] = {
      {"[]", "the specification has no devices"},
      {"null", "the specification has no devices"},
      {"{}", "'devices' must be a list"},
      {R"([{"containerEdits":{"env":["A=1"]}}])", "a device needs 'name'"},
      {R"([{"name":"*","containerEdits":{"env":["A=1"]}}])", "'*' is no name of a device"},
      {R"([{"name":"d"}])", "the device 'd' edits nothing"},
      {R"([{"name":"d","containerEdits":{"env":["A=1"]}},{"name":"d","containerEdits":{"env":["A=1"]}}])", "there are two devices 'd'"},
  };
  for (const auto& row : devices) CHECK_THROWS_WITH(parse_spec("f.json", spec(k_head, row.edits)), Contains(row.cause));
  CHECK_THROWS_WITH(parse_spec("f.yaml", ""), "f.yaml: there is nothing in it");
  CHECK_THROWS_WITH(parse_spec("f.json", "[]"), Contains("must be a mapping"));
}

TEST_CASE("annotations follow the rules of Kubernetes") {
  const auto spec = [](const std::string& key, const std::string& value) {
    return R"({"cdiVersion":"0.6.0","kind":"v.com/c","annotations":{")" + key + "\":" + value +
           R"(},"devices":[{"name":"d","containerEdits":{"env":["A=1"]}}]})";
  };
  for (const char* good : {"a", "a.b_c-d", "org.vendor/a", "ORG.vendor/a", "9", "a/9"}) {
    INFO(good);
    CHECK_NOTHROW(parse_spec("f.json", spec(good, "\"x\"")));
  }
  for (const auto& bad : {std::string(), std::string("a b"), std::string("/a"), std::string("a/"), std::string("a/b/c"), std::string("-a"),
                          std::string("a_b/c"), std::string(64, 'a'), std::string(254, 'a') + "/b", std::string("a..b/c")}) {
    INFO(bad);
    CHECK_THROWS_WITH(parse_spec("f.json", spec(bad, "\"x\"")), Contains("is no key of an annotation"));
  }
  CHECK_THROWS_WITH(parse_spec("f.json", spec("a", "[1]")), Contains("'a' must be a text"));
  CHECK_NOTHROW(parse_spec("f.json", spec("a", "\"" + std::string((256U << 10) - 1, 'x') + "\"")));
  CHECK_THROWS_WITH(parse_spec("f.json", spec("a", "\"" + std::string(256U << 10, 'x') + "\"")), Contains("more than 256 KiB"));
}

TEST_CASE("R13: what could grow, hide or double in a file is refused") {
  CHECK_THROWS_WITH(parse_spec("f.yaml", "a: &x 1\nb: *x\n"), Contains("anchors are not allowed"));
  CHECK_THROWS_WITH(parse_spec("f.yaml", "kind: a/b\nkind: a/b\n"), Contains("occurs twice"));
  CHECK_THROWS_WITH(parse_spec("f.json", R"({"kind":"a/b","kind":"a/b"})"), Contains("occurs twice"));
  CHECK_THROWS_WITH(parse_spec("f.yaml", std::string(k_max_spec_bytes + 1, ' ')), Contains("larger than 8 MiB"));
  CHECK_THROWS_WITH(parse_spec("f.json", std::string(k_max_spec_bytes + 1, ' ')), Contains("larger than"));
  CHECK_THROWS_WITH(parse_spec("f.yaml", std::string(100'000, '[')), Contains("nested deeper than 16"));
  CHECK_THROWS_WITH(parse_spec("f.yaml", "kind: a/b\n---\nkind: a/b\n"), Contains("second YAML document"));
}
