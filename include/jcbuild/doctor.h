// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jcbuild/session.h"

namespace jcb {

/// One thing that this machine can or cannot do.
struct DoctorCheck {
  std::string name;
  bool good = false;
  bool needed = true;   ///< false: only some features miss it
  std::string finding;  ///< what was found
  std::string fix;      ///< the exact remedy, empty when good
};

/// Looks at kernel, namespaces, overlay, subordinate ids, helpers, runtimes, disk and board. Changes nothing.
std::vector<DoctorCheck> examine_machine(Session& session);
std::string to_json(const std::vector<DoctorCheck>& checks);

/// The version of this build.
std::string version();

}  // namespace jcb
