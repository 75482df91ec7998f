// SPDX-License-Identifier: Apache-2.0
#include "build/device_access.h"

#include <algorithm>

#include "dockerfile/csv.h"
#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::build {
namespace {

constexpr std::string_view k_entitlement = "device";
constexpr const char* k_class_annotation = "org.mobyproject.buildkit.device.class";
constexpr const char* k_allow_annotation = "org.mobyproject.buildkit.device.autoallow";

// Go's strconv.ParseBool.
bool says_yes(const std::optional<std::string>& value) {
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (value == yes) return true;
  }
  return false;
}

void add_once(std::vector<std::string>& list, const std::string& value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

void check_name(const std::string& name) {
  const std::string_view kind = std::string_view(name).substr(0, name.find('='));
  if (name.starts_with('/'))
    throw Error(ErrorKind::invalid, util::escape_text(name) + " is a path, not the name of a device",
                "devices of builds come from CDI specifications: VENDOR/CLASS=NAME; jcbuild cdi list shows what there is");
  cdi::parse_kind(kind, "the device " + util::escape_text(name) + ":");
  if (kind.size() == name.size()) return;
  const std::string_view device = std::string_view(name).substr(kind.size() + 1);
  if (device != "*" && !cdi::is_device_name(device))
    throw Error(ErrorKind::invalid, "'" + util::escape_text(device) + "' in " + util::escape_text(name) + " is no name of a device");
}

}  // namespace

bool is_device_entitlement(std::string_view entitlement) {
  return entitlement == k_entitlement || entitlement.starts_with(std::string(k_entitlement) + "=");
}

void grant_device(DeviceGrants& grants, std::string_view entitlement) {
  if (entitlement == k_entitlement) {
    grants.all = true;
    return;
  }
  const auto fields = dockerfile::parse_csv_record(entitlement.substr(k_entitlement.size() + 1));
  check_name(fields.front());
  std::string alias;
  for (std::size_t i = 1; i < fields.size(); ++i) {
    if (!fields[i].starts_with("alias=") || fields[i].size() == 6)
      throw Error(ErrorKind::usage,
                  "--allow " + util::escape_text(entitlement) + ": '" + util::escape_text(fields[i]) + "' is not alias=NAME");
    alias = fields[i].substr(6);
  }
  if (alias.empty())
    grants.names.push_back(fields.front());
  else
    grants.aliases[alias] = fields.front();
}

bool allows_itself(const cdi::Catalog::Entry& device) { return says_yes(device.annotation(k_allow_annotation)); }

DeviceAccess::DeviceAccess(cdi::SpecTexts texts, DeviceGrants grants, std::vector<std::string> everywhere,
                           std::function<void(const std::string&)> warn)
    : m_texts(std::move(texts)), m_grants(std::move(grants)), m_everywhere(std::move(everywhere)), m_warn(std::move(warn)) {}

const cdi::Catalog& DeviceAccess::catalog() const {
  std::call_once(m_once, [this] { m_catalog = std::make_unique<const cdi::Catalog>(m_texts); });
  return *m_catalog;
}

std::vector<std::string> DeviceAccess::find(const std::string& name) const {
  check_name(name);
  const auto equals = name.find('=');
  const std::string kind = name.substr(0, equals) + "=";
  const std::string device = equals == std::string::npos ? std::string() : name.substr(equals + 1);
  if (catalog().find(name)) return {name};
  std::vector<std::string> all, of_class;
  for (const auto& [full, entry] : catalog().devices()) {
    if (!full.starts_with(kind)) continue;
    all.push_back(full);
    if (!device.empty() && entry.annotation(k_class_annotation) == device) of_class.push_back(full);
  }
  if (device == "*") return all;
  if (device.empty() && !all.empty()) all.resize(1);
  return device.empty() ? all : of_class;
}

std::vector<std::string> DeviceAccess::require(const std::string& name) const {
  auto devices = find(name);
  if (devices.empty()) catalog().throw_unknown({name});
  return devices;
}

bool DeviceAccess::is_allowed(const std::string& device) const {
  if (m_grants.all || allows_itself(*catalog().find(device))) return true;
  return std::any_of(m_grants.names.begin(), m_grants.names.end(), [&](const std::string& grant) {
    const auto granted = require(grant);
    return std::find(granted.begin(), granted.end(), device) != granted.end();
  });
}

void DeviceAccess::take(const dockerfile::RunDevice& request, std::vector<std::string>& devices) const {
  const auto alias = m_grants.aliases.find(request.name);
  const std::string& name = alias == m_grants.aliases.end() ? request.name : alias->second;
  const auto found = request.required ? require(name) : find(name);
  if (found.empty() && m_warn) m_warn("there is no device " + util::escape_text(name) + ": a RUN that can do without goes on without");
  for (const auto& device : found) {
    if (alias == m_grants.aliases.end() && std::find(devices.begin(), devices.end(), device) == devices.end() && !is_allowed(device))
      throw Error(ErrorKind::refused, "the device " + device + " is asked for and not allowed",
                  "allow it with --allow device=" + util::quote_for_shell(device) + ", or any with --allow device");
    add_once(devices, device);
  }
}

std::vector<std::string> DeviceAccess::resolve(const std::vector<dockerfile::RunDevice>& requests) const {
  std::vector<std::string> devices;
  for (const auto& name : m_everywhere) {
    for (const auto& device : require(name)) add_once(devices, device);
  }
  for (const auto& request : requests) take(request, devices);
  return devices;
}

}  // namespace jcb::build
