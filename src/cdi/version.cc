// SPDX-License-Identifier: Apache-2.0
#include "cdi/version.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>
#include <vector>

namespace jcb::cdi {
namespace {

// In order. What uses none of the later fields needs k_earliest, so that the two below it are known and never enough.
const std::vector<std::string> k_versions{"0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0", "0.6.0", "0.7.0", "0.8.0", "1.0.0", "1.1.0"};
constexpr const char* k_earliest = "0.3.0";

std::size_t rank(const std::string& version) {
  return static_cast<std::size_t>(std::find(k_versions.begin(), k_versions.end(), version) - k_versions.begin());
}

bool needs_1_1(const ContainerEdits& edits) {
  const bool new_rdt = edits.intel_rdt && (edits.intel_rdt->schemata || edits.intel_rdt->enable_monitoring);
  return new_rdt || !edits.net_devices.empty();
}

std::string minimum_version(const ContainerEdits& edits) {
  const auto has_host_path = [](const DeviceNode& node) { return !node.host_path.empty(); };
  const auto has_type = [](const Mount& mount) { return !mount.type.empty(); };
  if (needs_1_1(edits)) return "1.1.0";
  if (edits.intel_rdt || !edits.additional_gids.empty()) return "0.7.0";
  if (std::any_of(edits.device_nodes.begin(), edits.device_nodes.end(), has_host_path)) return "0.5.0";
  if (std::any_of(edits.mounts.begin(), edits.mounts.end(), has_type)) return "0.4.0";
  return k_earliest;
}

std::string minimum_version(const Device& device) {
  if (!device.annotations.empty()) return "0.6.0";
  return device.name.front() >= '0' && device.name.front() <= '9' ? "0.5.0" : k_earliest;
}

}  // namespace

std::string parse_version(std::string_view text, std::string_view thing) {
  const std::string version(text.starts_with('v') ? text.substr(1) : text);
  if (std::find(k_versions.begin(), k_versions.end(), version) != k_versions.end()) return version;
  throw Error(ErrorKind::invalid, std::string(thing) + ": '" + util::escape_text(text) + "' is no known version of CDI",
              "there are " + util::join(k_versions, ", "));
}

std::string minimum_version(const Spec& spec) {
  const bool dotted = spec.kind.device_class.find('.') != std::string::npos;
  std::vector<std::string> needed{minimum_version(spec.edits), !spec.annotations.empty() || dotted ? "0.6.0" : k_earliest};
  for (const auto& device : spec.devices) {
    needed.push_back(minimum_version(device));
    needed.push_back(minimum_version(device.edits));
  }
  return *std::max_element(needed.begin(), needed.end(), [](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

void check_version(const Spec& spec, std::string_view thing) {
  const std::string minimum = minimum_version(spec);
  if (rank(minimum) <= rank(spec.version)) return;
  throw Error(ErrorKind::invalid, std::string(thing) + ": cdiVersion is " + spec.version + " but must be at least " + minimum +
                                      " for what the specification uses");
}

}  // namespace jcb::cdi
