// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "platform/distribution.h"
#include "platform/version.h"
#include "util/root.h"

#include <string>

namespace jcb::platform {

/// What the files of a machine say about it; empty where they say nothing. An unreadable or malformed file says nothing.
struct MachineFacts {
  std::string model;          ///< device tree: "NVIDIA Jetson AGX Orin Developer Kit"
  Version l4t;                ///< /etc/nv_tegra_release
  Version cuda;               ///< major.minor, from version.json, else from the name of libcudart
  Distribution distribution;  ///< /etc/os-release
  bool tegra = false;         ///< a Jetson, with L4T installed or by its device tree; Thor included
};

/// Reads them through `root`.
MachineFacts read_machine_facts(const util::Root& root);

}  // namespace jcb::platform
