// SPDX-License-Identifier: Apache-2.0
#include "build/run_devices.h"

#include <algorithm>
#include <filesystem>

#include "build/device_links.h"
#include "cdi/hooks.h"
#include "dockerfile/run_options.h"
#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::build {
namespace {

[[noreturn]] void throw_unsupported(const std::string& what) {
  throw Error(ErrorKind::unsupported, "the device " + what + ", which a build step cannot have");
}

// Only what can be done here may be asked for: else a step would be without something and not know.
cdi::HookEffects check_edits(const cdi::ContainerEdits& edits) {
  if (!edits.net_devices.empty())
    throw_unsupported("brings the network interface " + util::escape_text(edits.net_devices[0].host_interface_name));
  if (edits.intel_rdt) throw_unsupported("sets resource control (intelRdt)");
  auto effects = cdi::translate_hooks(edits.hooks);
  if (effects.foreign.empty()) return effects;
  throw Error(
      ErrorKind::refused,
      "the device has a hook that would run " + util::escape_text(effects.foreign[0].path) + " on this machine: no build step does that",
      "take the hook out of the specification, or use the device in a container");
}

bool is_bind(const cdi::Mount& mount) { return mount.type.empty() || mount.type == "bind" || mount.type == "none"; }

bool has_option(const cdi::Mount& mount, const char* option) {
  return std::find(mount.options.begin(), mount.options.end(), option) != mount.options.end();
}

std::optional<std::string> find_value(const cdi::Mount& mount, const std::string& option) {
  for (const auto& text : mount.options) {
    if (text.starts_with(option + "=")) return text.substr(option.size() + 1);
  }
  return std::nullopt;
}

std::uint32_t parse_octal(const std::string& text) {
  std::uint32_t mode = 0;
  for (const char c : text) {
    mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
    if (c < '0' || c > '7' || mode > 07777) throw Error(ErrorKind::invalid, "mode=" + util::escape_text(text) + " of a tmpfs is no mode");
  }
  return mode;
}

// The default directories of ld.so, in which it looks without being told.
bool is_default_directory(const std::string& path) {
  return path == "/lib" || path == "/usr/lib" || path == "/lib64" || path == "/usr/lib64";
}

void set_variable(std::vector<std::string>& environment, const std::string& entry) {
  const std::string prefix = entry.substr(0, entry.find('=') + 1);
  std::erase_if(environment, [&](const std::string& old) { return old.starts_with(prefix); });
  environment.push_back(entry);
}

void append_library_path(std::vector<std::string>& environment, const std::vector<std::string>& directories) {
  if (directories.empty()) return;
  const std::string prefix = "LD_LIBRARY_PATH=";
  std::string value;
  for (const auto& entry : environment) {
    if (entry.starts_with(prefix)) value = entry.substr(prefix.size());
  }
  set_variable(environment, prefix + value + (value.empty() ? "" : ":") + util::join(directories, ":"));
}

}  // namespace

RunDevices::RunDevices(const cdi::ContainerEdits& edits) : m_given(true), m_variables(edits.env), m_groups(edits.additional_gids) {
  const auto effects = check_edits(edits);
  for (const auto& node : edits.device_nodes) add_node(node);
  std::map<std::string, std::string> mounted;
  for (const auto& mount : edits.mounts) {
    add_mount(mount);
    if (is_bind(mount)) mounted[std::filesystem::path(mount.container_path).lexically_normal().native()] = mount.host_path;
  }
  for (const auto& link : DeviceLinks(mounted, effects.links).shown())
    add_bind({link.source, link.path, true, {}}, std::filesystem::is_directory(link.source));
  std::copy_if(effects.library_directories.begin(), effects.library_directories.end(), std::back_inserter(m_library_directories),
               [](const std::string& path) { return !is_default_directory(path); });
  std::erase(m_groups, 0);
}

// The node of this machine itself, so that it must be there also when the specification tells its number.
void RunDevices::add_node(const cdi::DeviceNode& given) {
  const auto node = cdi::complete_node(given, cdi::find_host_node);
  if (!cdi::find_host_node(node.host_path))
    throw Error(ErrorKind::not_found, "there is no device " + util::escape_text(node.host_path) + " on this machine");
  add_bind({node.host_path, node.path, false, {}}, false);
}

void RunDevices::add_mount(const cdi::Mount& mount) {
  if (mount.type == "tmpfs") {
    const auto size = find_value(mount, "size"), mode = find_value(mount, "mode");
    m_tmpfs.push_back({mount.container_path, size ? dockerfile::parse_size(*size, "size of a tmpfs") : 0, mode ? parse_octal(*mode) : 01777,
                       has_option(mount, "ro")});
    return;
  }
  if (!is_bind(mount)) throw_unsupported("mounts a file system of type " + util::escape_text(mount.type));
  std::error_code error;
  const auto type = std::filesystem::status(mount.host_path, error).type();
  if (type == std::filesystem::file_type::not_found || type == std::filesystem::file_type::none)
    throw Error(ErrorKind::not_found, "the device shows " + util::escape_text(mount.host_path) + ", which this machine does not have",
                "its specification may be older than the driver: generate it again");
  add_bind({mount.host_path, mount.container_path, has_option(mount, "ro"), {}}, type == std::filesystem::file_type::directory);
}

// A later one of the same place replaces an earlier one.
void RunDevices::add_bind(sandbox::Bind bind, bool directory) {
  std::erase_if(m_binds, [&](const Shown& shown) { return shown.bind.target == bind.target; });
  m_binds.push_back({std::move(bind), directory});
}

std::vector<sandbox::MountPoint> RunDevices::points() const {
  std::vector<sandbox::MountPoint> points;
  for (const auto& shown : m_binds) points.push_back({shown.bind.target, shown.directory});
  for (const auto& tmpfs : m_tmpfs) points.push_back({tmpfs.target, true});
  return points;
}

void RunDevices::add_to(sandbox::Job& job) const {
  if (!m_given) return;
  for (const auto& shown : m_binds) job.binds.push_back(shown.bind);
  job.tmpfs.insert(job.tmpfs.end(), m_tmpfs.begin(), m_tmpfs.end());
  for (const auto& entry : m_variables) set_variable(job.environment, entry);
  append_library_path(job.environment, m_library_directories);
  job.device_groups = m_groups;
}

}  // namespace jcb::build
