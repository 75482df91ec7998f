// SPDX-License-Identifier: Apache-2.0
#include "cdi/apply.h"

#include "jcbuild/error.h"

#include <algorithm>
#include <filesystem>

namespace jcb::cdi {
namespace {

using util::Json;

// A member that must be an object or an array; made when it is missing.
Json& member(Json& object, const char* key, Json::value_t type) {
  Json& value = object[key];
  if (value.is_null()) value = Json(type);
  if (value.type() != type) throw Error(ErrorKind::invalid, std::string("'") + key + "' in the runtime spec is of the wrong type");
  return value;
}
Json& object_in(Json& object, const char* key) { return member(object, key, Json::value_t::object); }
Json& array_in(Json& object, const char* key) { return member(object, key, Json::value_t::array); }

void set_text(Json& object, const char* key, const std::string& value) {
  if (!value.empty()) object[key] = value;
}

bool has_text(const Json& object, const char* key, const std::string& value) {
  return object.is_object() && object.contains(key) && object.at(key) == value;
}

void remove_with(Json& array, const char* key, const std::string& value) {
  for (std::size_t i = array.size(); i > 0; --i) {
    if (has_text(array[i - 1], key, value)) array.erase(i - 1);
  }
}

// Replaced where it stands, else added at the end.
void add_variable(Json& environment, const std::string& entry) {
  const std::string prefix = entry.substr(0, entry.find('=') + 1);
  for (auto& old : environment) {
    if (old.is_string() && old.get_ref<const std::string&>().starts_with(prefix)) {
      old = entry;
      return;
    }
  }
  environment.push_back(entry);
}

// A user or group of the process, when it is not root.
std::optional<std::uint32_t> id_of_process(const Json& config, const char* key) {
  const Json none;
  const Json& process = config.contains("process") ? config.at("process") : none;
  if (!process.is_object() || !process.contains("user") || !process.at("user").is_object()) return std::nullopt;
  const Json& user = process.at("user");
  if (!user.contains(key) || !user.at(key).is_number_unsigned() || user.at(key) == 0) return std::nullopt;
  return user.at(key).get<std::uint32_t>();
}

// A user namespace is where ids of the host mean others.
bool has_user_namespace(const Json& config) {
  if (!config.contains("linux") || !config.at("linux").is_object() || !config.at("linux").contains("namespaces")) return false;
  const Json& namespaces = config.at("linux").at("namespaces");
  return std::any_of(namespaces.begin(), namespaces.end(), [](const Json& entry) { return has_text(entry, "type", "user"); });
}

void add_device_rule(Json& config, const DeviceNode& node) {
  Json rule{{"allow", true}, {"type", node.type}, {"major", node.major}, {"minor", node.minor}};
  const std::string access = node.permissions.empty() ? "rwm" : node.permissions == "none" ? "" : node.permissions;
  set_text(rule, "access", access);
  array_in(object_in(object_in(config, "linux"), "resources"), "devices").push_back(std::move(rule));
}

void add_device(Json& config, const DeviceNode& given, const HostNodes& host) {
  const DeviceNode node = complete_node(given, host);
  Json device{{"path", node.path}, {"type", node.type}, {"major", node.major}, {"minor", node.minor}};
  if (node.file_mode) device["fileMode"] = *node.file_mode;
  if (const auto uid = node.uid ? node.uid : id_of_process(config, "uid")) device["uid"] = *uid;
  if (const auto gid = node.gid ? node.gid : id_of_process(config, "gid")) device["gid"] = *gid;
  Json& devices = array_in(object_in(config, "linux"), "devices");
  remove_with(devices, "path", node.path);
  devices.push_back(std::move(device));
  if (node.type == "b" || node.type == "c") add_device_rule(config, node);
}

std::vector<std::string> with_id_map(std::vector<std::string> options) {
  const auto has = [&](const char* word) { return std::find(options.begin(), options.end(), word) != options.end(); };
  if (has("idmap") || has("ridmap")) return options;
  if (has("rbind"))
    options.emplace_back("ridmap");
  else if (has("bind"))
    options.emplace_back("idmap");
  return options;
}

void add_mount(Json& mounts, const Mount& mount, bool idmap) {
  remove_with(mounts, "destination", mount.container_path);
  Json entry{{"destination", mount.container_path}};
  set_text(entry, "type", mount.type);
  entry["source"] = mount.host_path;
  const auto options = idmap ? with_id_map(mount.options) : mount.options;
  if (!options.empty()) entry["options"] = options;
  mounts.push_back(std::move(entry));
}

// What is mounted in something comes after it; else the order stays.
void sort_mounts(Json& mounts) {
  const auto depth = [](const Json& mount) {
    const bool known = mount.is_object() && mount.contains("destination") && mount.at("destination").is_string();
    std::string path =
        known ? std::filesystem::path(mount.at("destination").get<std::string>()).lexically_normal().native() : std::string();
    if (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return std::count(path.begin(), path.end(), '/');
  };
  std::stable_sort(mounts.begin(), mounts.end(), [&](const Json& a, const Json& b) { return depth(a) < depth(b); });
}

void add_hook(Json& config, const Hook& hook) {
  Json entry{{"path", hook.path}};
  if (!hook.args.empty()) entry["args"] = hook.args;
  if (!hook.env.empty()) entry["env"] = hook.env;
  if (hook.timeout) entry["timeout"] = *hook.timeout;
  array_in(object_in(config, "hooks"), hook.name.c_str()).push_back(std::move(entry));
}

Json make_intel_rdt(const IntelRdt& rdt) {
  Json entry = Json::object();
  set_text(entry, "closID", rdt.clos_id);
  if (rdt.schemata) entry["schemata"] = *rdt.schemata;
  set_text(entry, "l3CacheSchema", rdt.l3_cache_schema);
  set_text(entry, "memBwSchema", rdt.mem_bw_schema);
  if (rdt.enable_monitoring) entry["enableMonitoring"] = true;
  return entry;
}

// 0 would be root's group: the reference passes over it.
void add_groups(Json& config, const std::vector<std::uint32_t>& gids) {
  for (const auto gid : gids) {
    if (gid == 0) continue;
    Json& groups = array_in(object_in(object_in(config, "process"), "user"), "additionalGids");
    if (std::find(groups.begin(), groups.end(), Json(gid)) == groups.end()) groups.push_back(gid);
  }
}

}  // namespace

void apply_edits(const ContainerEdits& edits, Json& config, const ApplyOptions& options) {
  if (!config.is_object()) throw Error(ErrorKind::invalid, "a runtime spec is a JSON object");
  Json edited = config;
  for (const auto& entry : edits.env) add_variable(array_in(object_in(edited, "process"), "env"), entry);
  for (const auto& node : edits.device_nodes) add_device(edited, node, options.host);
  for (const auto& device : edits.net_devices)
    object_in(object_in(edited, "linux"), "netDevices")[device.host_interface_name] = Json{{"name", device.name}};
  const bool idmap = options.idmap && has_user_namespace(edited);
  for (const auto& mount : edits.mounts) add_mount(array_in(edited, "mounts"), mount, idmap);
  if (!edits.mounts.empty()) sort_mounts(array_in(edited, "mounts"));
  for (const auto& hook : edits.hooks) {
    if (options.hooks) add_hook(edited, hook);
  }
  if (edits.intel_rdt) object_in(edited, "linux")["intelRdt"] = make_intel_rdt(*edits.intel_rdt);
  add_groups(edited, edits.additional_gids);
  config = std::move(edited);
}

}  // namespace jcb::cdi
