// SPDX-License-Identifier: Apache-2.0
#include "api/devices.h"

#include <unistd.h>

#include "util/text.h"

namespace jcb::api {

cdi::SpecTexts read_device_specs(const Session::Parts& parts, const std::vector<std::filesystem::path>& directories) {
  if (!directories.empty()) return cdi::read_specs(cdi::named_directories(directories));
  std::filesystem::path config = parts.find_variable("XDG_CONFIG_HOME").value_or("");
  const auto home = parts.find_variable("HOME");
  if (config.empty() && home) config = std::filesystem::path(*home) / ".config";
  return cdi::read_specs(cdi::usual_directories(::geteuid() == 0, config, parts.find_variable("XDG_RUNTIME_DIR").value_or("")));
}

void check_entitlements(const std::vector<std::string>& allowed) {
  for (const auto& name : allowed) {
    if (name != "security.insecure" && name != "network.host" && !build::is_device_entitlement(name))
      throw Error(ErrorKind::usage, "--allow " + util::escape_text(name) + " is no entitlement", "use security.insecure or device");
  }
}

std::shared_ptr<const build::DeviceAccess> open_devices(Session::Parts& parts, const std::vector<std::string>& devices,
                                                        const std::vector<std::string>& allowed,
                                                        const std::vector<std::filesystem::path>& directories) {
  build::DeviceGrants grants;
  for (const auto& entitlement : allowed) {
    if (build::is_device_entitlement(entitlement)) build::grant_device(grants, entitlement);
  }
  const auto warn = [&progress = parts.progress()](const std::string& text) { progress.message(MessageLevel::warning, text); };
  auto access = std::make_shared<const build::DeviceAccess>(read_device_specs(parts, directories), std::move(grants), devices, warn);
  if (!devices.empty()) in_step("looking up --device", [&] { access->resolve({}); });
  return access;
}

}  // namespace jcb::api
