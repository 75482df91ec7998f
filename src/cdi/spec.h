// SPDX-License-Identifier: Apache-2.0
// A CDI specification (CDI 1.1.0, SPEC.md and specs-go/config.go): what a container needs to use devices of one kind.
// Plain values, as written; spec_reader.h makes them from text and checks them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cdi/names.h"

namespace jcb::cdi {

/// A device node of the host in the container. Numbers that are 0 count as not given, as in the reference.
struct DeviceNode {
  std::string path;
  std::string host_path;  ///< empty: the same
  std::string type;       ///< "b", "c", "u" (character), "p" (fifo), or empty: as the host's
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::optional<std::uint32_t> file_mode;
  std::string permissions;  ///< of the device cgroup: of "rwm", or "none"; empty: rwm
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
  bool operator==(const DeviceNode&) const = default;
};

/// A path of the host in the container, or a file system.
struct Mount {
  std::string host_path;
  std::string container_path;
  std::vector<std::string> options;  ///< as mount(8) and the runtime-spec have them
  std::string type;                  ///< empty: a bind
  bool operator==(const Mount&) const = default;
};

/// A program that a runtime would start on the host.
struct Hook {
  std::string name;  ///< one of the runtime-spec's: "createContainer"
  std::string path;
  std::vector<std::string> args;  ///< args[0] is the program's name
  std::vector<std::string> env;
  std::optional<std::int64_t> timeout;  ///< seconds
  bool operator==(const Hook&) const = default;
};

/// Resource control of Intel processors, as in the runtime-spec.
struct IntelRdt {
  std::string clos_id;
  std::string l3_cache_schema;
  std::string mem_bw_schema;
  std::optional<std::vector<std::string>> schemata;
  bool enable_monitoring = false;
  bool operator==(const IntelRdt&) const = default;
};

/// A network interface of the host that moves into the container.
struct NetDevice {
  std::string host_interface_name;
  std::string name;
  bool operator==(const NetDevice&) const = default;
};

/// What is changed in a container.
struct ContainerEdits {
  std::vector<std::string> env;  ///< "K=V"
  std::vector<DeviceNode> device_nodes;
  std::vector<NetDevice> net_devices;
  std::vector<Mount> mounts;
  std::vector<Hook> hooks;
  std::vector<std::uint32_t> additional_gids;
  std::optional<IntelRdt> intel_rdt;

  bool is_empty() const;
  /// Adds the others after these; their intelRdt replaces this one.
  void append(const ContainerEdits& other);
  bool operator==(const ContainerEdits&) const = default;
};

using Annotations = std::map<std::string, std::string>;

/// One device, with its name within the kind.
struct Device {
  std::string name;
  Annotations annotations;
  ContainerEdits edits;
  bool operator==(const Device&) const = default;
};

/// One file: devices of a kind, and the edits that each of them needs too.
struct Spec {
  std::string version;  ///< "0.7.0", without a leading v
  Kind kind;
  Annotations annotations;
  std::vector<Device> devices;
  ContainerEdits edits;
  bool operator==(const Spec&) const = default;
};

}  // namespace jcb::cdi
