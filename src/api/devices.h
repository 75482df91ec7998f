// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "api/parts.h"
#include "build/device_access.h"

namespace jcb::api {

/// The specifications of the session's machine, or of `directories`. To be called before Session::Parts::isolate, after
/// which it could not be told whose files are whose. Throws Error.
cdi::SpecTexts read_device_specs(const Session::Parts& parts, const std::vector<std::filesystem::path>& directories);

/// Throws Error(usage) for what is no entitlement of a build. The host's network is nothing that has to be allowed here.
void check_entitlements(const std::vector<std::string>& allowed);

/// What RUN may have: `devices` everywhere, and what `allowed` (entitlements) says. Devices that are named must exist. As
/// read_device_specs otherwise.
std::shared_ptr<const build::DeviceAccess> open_devices(Session::Parts& parts, const std::vector<std::string>& devices,
                                                        const std::vector<std::string>& allowed,
                                                        const std::vector<std::filesystem::path>& directories);

}  // namespace jcb::api
