// SPDX-License-Identifier: Apache-2.0
#include "cdi/edits_reader.h"

#include "cdi/fields.h"
#include "util/text.h"

#include <algorithm>
#include <limits>
#include <set>

namespace jcb::cdi {
namespace {

using util::Node;
using util::reject;

constexpr std::uint64_t k_max_uint32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t k_max_int64 = std::numeric_limits<std::int64_t>::max();

std::string quoted(std::string_view text) { return "'" + util::escape_text(text) + "'"; }

bool is_one_of(const std::string& text, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* word) { return text == word; });
}

std::vector<std::string> read_environment(const Fields& fields) {
  auto entries = fields.texts("env");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto equals = entries[i].find('=');
    if (equals == std::string::npos || equals == 0) reject(fields.list("env")[i].at, quoted(entries[i]) + " in 'env' is not NAME=VALUE");
  }
  return entries;
}

std::optional<std::uint32_t> read_uint32(const Fields& fields, const char* key) {
  const auto value = fields.number(key, k_max_uint32);
  return value ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
}

DeviceNode read_device_node(const Node& node) {
  const Fields fields(node, {"path", "hostPath", "type", "major", "minor", "fileMode", "permissions", "uid", "gid"}, "a device node");
  DeviceNode device;
  device.path = fields.path("path");
  if (!fields.text("hostPath").empty()) device.host_path = fields.path("hostPath");
  device.type = fields.text("type");
  if (!is_one_of(device.type, {"", "b", "c", "u", "p"})) reject(fields.at("type"), quoted(device.type) + " is no type of a device node");
  device.major = static_cast<std::int64_t>(fields.number("major", k_max_int64).value_or(0));
  device.minor = static_cast<std::int64_t>(fields.number("minor", k_max_int64).value_or(0));
  device.file_mode = read_uint32(fields, "fileMode");
  device.permissions = fields.text("permissions");
  if (device.permissions != "none" && device.permissions.find_first_not_of("rwm") != std::string::npos)
    reject(fields.at("permissions"), quoted(device.permissions) + " are no permissions: 'none' or some of r, w and m");
  device.uid = read_uint32(fields, "uid");
  device.gid = read_uint32(fields, "gid");
  return device;
}

// Only of a file system that is none of the host's may the source be no path ("tmpfs").
bool is_bind(const Mount& mount) { return is_one_of(mount.type, {"", "bind", "none"}); }

Mount read_mount(const Node& node) {
  const Fields fields(node, {"hostPath", "containerPath", "options", "type"}, "a mount");
  Mount mount{fields.required_text("hostPath"), fields.path("containerPath"), fields.texts("options"), fields.text("type")};
  if (is_bind(mount)) require_clean_path(mount.host_path, "hostPath", fields.at("hostPath"));
  return mount;
}

Hook read_hook(const Node& node) {
  const Fields fields(node, {"hookName", "path", "args", "env", "timeout"}, "a hook");
  Hook hook;
  hook.name = fields.required_text("hookName");
  if (!is_one_of(hook.name, {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}))
    reject(fields.at("hookName"), quoted(hook.name) + " is no name of a hook");
  hook.path = fields.path("path");
  hook.args = fields.texts("args");
  hook.env = read_environment(fields);
  if (const auto timeout = fields.number("timeout", k_max_int64)) hook.timeout = static_cast<std::int64_t>(*timeout);
  return hook;
}

// The name of a directory of resctrl; "/" is the top one.
void check_clos_id(const std::string& id, const util::SourcePosition& at) {
  if (id == "/") return;
  if (id.size() >= 4096 || id == "." || id == ".." || id.find_first_of("/\n") != std::string::npos)
    reject(at, "'closID' is no name of a directory");
}

IntelRdt read_intel_rdt(const Node& node) {
  const Fields fields(node, {"closID", "l3CacheSchema", "memBwSchema", "schemata", "enableMonitoring"}, "'intelRdt'");
  IntelRdt rdt{fields.text("closID"), fields.text("l3CacheSchema"), fields.text("memBwSchema"), {}, fields.boolean("enableMonitoring")};
  check_clos_id(rdt.clos_id, fields.at("closID"));
  if (fields.find("schemata") != nullptr) rdt.schemata = fields.texts("schemata");
  return rdt;
}

NetDevice read_net_device(const Node& node) {
  const Fields fields(node, {"hostInterfaceName", "name"}, "a network device");
  return {fields.required_text("hostInterfaceName"), fields.required_text("name")};
}

std::vector<NetDevice> read_net_devices(const Fields& fields) {
  std::vector<NetDevice> devices;
  std::set<std::string> on_host, inside;
  for (const auto& item : fields.list("netDevices")) {
    NetDevice device = read_net_device(item);
    if (!on_host.insert(device.host_interface_name).second)
      reject(item.at, "the interface " + quoted(device.host_interface_name) + " is named twice");
    if (!inside.insert(device.name).second) reject(item.at, "two network devices have the name " + quoted(device.name));
    devices.push_back(std::move(device));
  }
  return devices;
}

}  // namespace

ContainerEdits read_edits(const Node& node) {
  const Fields fields(node, {"env", "deviceNodes", "netDevices", "mounts", "hooks", "additionalGids", "intelRdt"}, "'containerEdits'");
  ContainerEdits edits;
  edits.env = read_environment(fields);
  for (const auto& item : fields.list("deviceNodes")) edits.device_nodes.push_back(read_device_node(item));
  edits.net_devices = read_net_devices(fields);
  for (const auto& item : fields.list("mounts")) edits.mounts.push_back(read_mount(item));
  for (const auto& item : fields.list("hooks")) edits.hooks.push_back(read_hook(item));
  for (const auto& item : fields.list("additionalGids"))
    edits.additional_gids.push_back(static_cast<std::uint32_t>(read_number(item, "additionalGids", k_max_uint32)));
  if (const Node* rdt = fields.find("intelRdt")) edits.intel_rdt = read_intel_rdt(*rdt);
  return edits;
}

}  // namespace jcb::cdi
