// SPDX-License-Identifier: Apache-2.0
// config.json (runtime-spec 1.0.2) with the defaults that docker's users know. What runs in the container is docker's;
// how its root is prepared is not: see runtime/mount_points.h.
#include "jcbuild/error.h"
#include "runtime/container.h"
#include "runtime/host.h"
#include "runtime/mount_points.h"
#include "runtime/network_files.h"
#include "runtime/seccomp.h"
#include "runtime/spec_mounts.h"
#include "runtime/spec_process.h"
#include "runtime/volumes.h"
#include "util/json.h"

#include <algorithm>

namespace jcb::runtime {
namespace {

using util::Json;

void check_container_id(const std::string& id) {
  constexpr const char* k_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.";
  const bool valid = !id.empty() && id.size() <= 128 && id.front() != '.' && id.find_first_not_of(k_letters) == std::string::npos;
  if (!valid) throw Error(ErrorKind::invalid, "'" + id + "' is not a container id", "letters, digits and _ + - . are allowed");
}

void check_hostname(const std::string& name) {
  constexpr const char* k_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
  // The name goes into /etc/hosts, where a newline would be another entry.
  if (name.size() > 63 || name.find_first_not_of(k_letters) != std::string::npos)
    throw Error(ErrorKind::invalid, "'" + name + "' is not a host name");
}

Json make_namespaces(const ContainerOptions& options) {
  Json namespaces = Json::array();
  std::vector<std::string> types{"pid", "ipc", "uts", "mount"};
  if (has_cgroup_namespace()) types.emplace_back("cgroup");
  if (options.no_network) types.emplace_back("network");
  for (const auto& type : types) namespaces.push_back({{"type", type}});
  return namespaces;
}

Json make_device_rule(bool allow, const char* type, std::optional<int> major, std::optional<int> minor, const char* access) {
  Json rule;
  rule["allow"] = allow;
  if (type != nullptr) rule["type"] = type;
  if (major) rule["major"] = *major;
  if (minor) rule["minor"] = *minor;
  rule["access"] = access;
  return rule;
}

// Everything may be made with mknod, nothing opened but the harmless devices that every container has
// (Documentation/admin-guide/devices.txt: null zero full random urandom, tty console ptmx, pts).
Json make_device_rules() {
  Json rules = Json::array();
  rules.push_back(make_device_rule(false, nullptr, {}, {}, "rwm"));
  for (const char* type : {"c", "b"}) rules.push_back(make_device_rule(true, type, {}, {}, "m"));
  for (const int minor : {3, 5, 7, 8, 9}) rules.push_back(make_device_rule(true, "c", 1, minor, "rwm"));
  for (const int minor : {0, 1, 2}) rules.push_back(make_device_rule(true, "c", 5, minor, "rwm"));
  rules.push_back(make_device_rule(true, "c", 136, {}, "rwm"));
  return rules;
}

Json make_linux(const ContainerOptions& options, bool in_user_namespace) {
  Json linux_part;
  // A user namespace cannot open devices at all, and has no right to set a device cgroup.
  if (!in_user_namespace) linux_part["resources"]["devices"] = make_device_rules();
  linux_part["namespaces"] = make_namespaces(options);
  linux_part["maskedPaths"] = {"/proc/asound",      "/proc/acpi",          "/proc/interrupts", "/proc/kcore",
                               "/proc/keys",        "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                               "/proc/sched_debug", "/proc/scsi",          "/sys/firmware",    "/sys/devices/virtual/powercap"};
  linux_part["readonlyPaths"] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  linux_part["seccomp"] = resolve_seccomp(default_seccomp_profile(), make_seccomp_subject(default_capabilities()));
  return linux_part;
}

void add_network_mounts(Json& mounts, const util::Root& root, const std::filesystem::path& bundle, const ContainerOptions& options,
                        const std::string& hostname, bool in_user_namespace) {
  for (const auto& [name, target] : write_network_files(util::Root::open(bundle), options, hostname))
    mounts.push_back(make_bind(bundle / name, make_file_mount_point(root, target), false, in_user_namespace));
}

// `-v FILE:/etc/hosts` or `-v DIR:/dev` is meant to win over ours, and stays in its place, before what is mounted below.
void place_volume(Json& mounts, const std::string& target, Json bind) {
  const auto same = std::find_if(mounts.begin(), mounts.end(), [&](const Json& mount) { return mount.at("destination") == target; });
  if (same == mounts.end()) {
    mounts.push_back(std::move(bind));
  } else {
    *same = std::move(bind);
  }
}

Json make_mounts(const util::Root& root, const std::filesystem::path& bundle, const ContainerOptions& options, const std::string& hostname,
                 bool in_user_namespace) {
  Json mounts = make_kernel_mounts(options, in_user_namespace);
  add_network_mounts(mounts, root, bundle, options, hostname, in_user_namespace);
  for (const auto& volume : prepare_volumes(root, options.volumes)) {
    place_volume(mounts, volume.target, make_bind(volume.source, volume.target, volume.read_only, in_user_namespace));
  }
  return mounts;
}

void prepare_root(const util::Root& root, const oci::ExecutionConfig& image) {
  for (const char* name : {"dev", "proc", "sys"}) make_real_directory(root, name);
  for (const auto& volume : image.volumes) {
    const std::string target = clean_absolute_path(volume, "volume of the image");
    if (!root.find_stat(target)) make_mount_point(root, target, MountPoint::directory);
  }
}

}  // namespace

Json make_spec(const oci::ImageConfig& image, const ContainerOptions& options, const std::filesystem::path& rootfs,
               bool in_user_namespace) {
  check_container_id(options.id);
  check_hostname(options.hostname);
  const std::string hostname = options.hostname.empty() ? host_name() : options.hostname;
  const util::Root root = util::Root::open(rootfs);
  prepare_root(root, image.config);
  Json spec;
  spec["ociVersion"] = "1.0.2";
  spec["process"] = make_process(image.config, options, root, hostname);
  spec["root"] = {{"path", rootfs.native()}, {"readonly", options.read_only}};
  spec["hostname"] = hostname;
  spec["mounts"] = make_mounts(root, rootfs.parent_path(), options, hostname, in_user_namespace);
  spec["linux"] = make_linux(options, in_user_namespace);
  return spec;
}

}  // namespace jcb::runtime
