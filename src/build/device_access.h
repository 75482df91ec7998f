// SPDX-License-Identifier: Apache-2.0
// Which devices of the machine a build may have. RUN --device only asks; as in BuildKit (entitlement `device`) somebody
// outside of the Dockerfile has to allow it:
//   --allow device               every device
//   --allow device=NAME          that one, or those that NAME means
//   --allow device=NAME,alias=X  that one, for RUN --device=X
//   --device NAME                given to every RUN as if it asked for it, and allowed with that
//   an annotation of the device's specification that says so: org.mobyproject.buildkit.device.autoallow
// What a name means is BuildKit's, too: VENDOR/CLASS=DEVICE; VENDOR/CLASS, the first of that class; VENDOR/CLASS=*, all of
// it; and else those whose annotation org.mobyproject.buildkit.device.class is what stands after the '='.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cdi/catalog.h"
#include "dockerfile/run_options.h"

namespace jcb::build {

/// What was allowed.
struct DeviceGrants {
  bool all = false;
  std::vector<std::string> names;
  std::map<std::string, std::string> aliases;  ///< what RUN says -> the device
};

/// Whether `entitlement` is one of devices: "device" or "device=…".
bool is_device_entitlement(std::string_view entitlement);
/// Adds what such an entitlement allows. Throws Error(usage).
void grant_device(DeviceGrants& grants, std::string_view entitlement);

/// Whether a device's specification allows it to every build.
bool allows_itself(const cdi::Catalog::Entry& device);

/// Answers requests for devices. The specifications are parsed when the first one comes. Thread-safe.
class DeviceAccess {
 public:
  /// `everywhere` are for every RUN; `warn` is told of optional devices that are not there.
  DeviceAccess(cdi::SpecTexts texts, DeviceGrants grants, std::vector<std::string> everywhere,
               std::function<void(const std::string&)> warn = {});

  /// The full names of the devices that a RUN gets, each once: those for every RUN, then what it asks for. Throws
  /// Error(refused) for one that is not allowed, Error(not_found) for one that is required and not there, Error(invalid) for
  /// what is no name.
  std::vector<std::string> resolve(const std::vector<dockerfile::RunDevice>& requests) const;
  const cdi::Catalog& catalog() const;

 private:
  std::vector<std::string> find(const std::string& name) const;
  std::vector<std::string> require(const std::string& name) const;
  bool is_allowed(const std::string& device) const;
  void take(const dockerfile::RunDevice& request, std::vector<std::string>& devices) const;

  cdi::SpecTexts m_texts;
  DeviceGrants m_grants;
  std::vector<std::string> m_everywhere;
  std::function<void(const std::string&)> m_warn;
  mutable std::once_flag m_once;
  mutable std::unique_ptr<const cdi::Catalog> m_catalog;
};

}  // namespace jcb::build
