// SPDX-License-Identifier: Apache-2.0
// What the flags of one RUN ask for: --mount, --network, --security, --device. As BuildKit understands them, from the
// Dockerfile reference and frontend/dockerfile/instructions/commands_runmount.go; keys, types and values are an allow
// list, since a value that is passed on unread is how `bind-propagation=` became CVE-2024-9407. One deviation: keys may
// stand in any order (BuildKit wants `type=` before `required` and `size`).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::dockerfile {

enum class MountType { bind, cache, tmpfs, secret, ssh };
enum class CacheSharing { shared, private_, locked };

/// One --mount of a RUN, checked. What is absent was not written, unless said otherwise.
struct RunMount {
  MountType type = MountType::bind;
  /// Where it is shown; may be relative to the working directory, and empty means the working directory itself. Filled in
  /// for a secret (/run/secrets/ID, unless it is only a variable) and for ssh (/run/buildkit/ssh_agent.N).
  std::string target;
  std::string source;     ///< bind, cache: the path in `from`; "" is its root
  std::string from;       ///< bind, cache: a stage, image or named context; "" is the build context (bind) or nothing (cache)
  std::string id;         ///< cache (filled in: the target), secret (filled in), ssh (filled in: "default")
  bool read_only = true;  ///< filled in: false for cache and tmpfs
  bool required = false;  ///< secret, ssh: absence is an error
  CacheSharing sharing = CacheSharing::shared;
  std::optional<std::uint32_t> mode;  ///< cache, secret, ssh; see default_mode
  std::optional<std::uint32_t> uid;   ///< the same; absent means 0
  std::optional<std::uint32_t> gid;
  std::optional<std::uint64_t> size_bytes;  ///< tmpfs
  std::optional<std::string> environment;   ///< secret: the variable that gets its content
  bool operator==(const RunMount&) const = default;
};

/// One --device of a RUN: which device, or which class of devices, by the names of the Container Device Interface.
struct RunDevice {
  std::string name;
  bool required = false;  ///< absence is an error
  bool operator==(const RunDevice&) const = default;
};

/// All of them, and the other flags.
struct RunOptions {
  std::vector<RunMount> mounts;
  std::optional<std::string> network;   ///< default, none or host
  std::optional<std::string> security;  ///< sandbox or insecure
  std::vector<RunDevice> devices;       ///< nobody has looked whether they exist
  bool operator==(const RunOptions&) const = default;
};

/// Expands the variables of a value.
using Expander = std::function<std::string(const std::string& value)>;

/// The value of --mount. With `expand`, the variables of each value are expanded after the record was taken apart, as
/// BuildKit does, so that a comma in a variable cannot add a key. Throws Error(invalid) for an unknown key, type or
/// value (with the nearest name) and for one that the type does not have.
RunMount parse_run_mount(std::string_view value, const Expander& expand = {});

/// The value of --device: NAME[,required[=BOOL]] or name=NAME[,…], in any order. A first field that is no key is the name,
/// also when it holds a '='. Variables as in parse_run_mount. Throws Error(invalid).
RunDevice parse_run_device(std::string_view value, const Expander& expand = {});

/// The flags of one RUN, "--mount=...", "--network=..." and so on. Also numbers the ssh mounts. Throws Error(invalid).
RunOptions parse_run_options(const std::vector<std::string>& flags, const Expander& expand = {});

/// The permission bits of a mount of this type that gives none: 0755 cache, 0400 secret, 0600 ssh, 1777 tmpfs.
std::uint32_t default_mode(MountType type) noexcept;

/// "bind", "cache", ...
const char* mount_type_name(MountType type) noexcept;

/// A number of bytes as docker writes it: "64", "64m", "1.5GiB", "2 kb"; powers of 1024. Throws Error(invalid).
std::uint64_t parse_size(std::string_view text, std::string_view thing);

}  // namespace jcb::dockerfile
