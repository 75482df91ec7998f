// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::dockerfile {
enum class MountType { bind, cache, tmpfs, secret, ssh };
enum class CacheSharing { shared, private_, locked };
struct RunMount {
  MountType type = MountType::bind;
  std::string target, source, from, id;
  bool read_only = true;
  bool required = false;
  CacheSharing sharing = CacheSharing::shared;
  std::optional<std::uint32_t> mode, uid, gid;
  std::optional<std::uint64_t> size_bytes;
  std::optional<std::string> environment;
};
struct RunOptions {
  std::vector<RunMount> mounts;
  std::optional<std::string> network;
  std::optional<std::string> security;
  std::vector<std::string> devices;
};
RunMount parse_run_mount(std::string_view value);
RunOptions parse_run_options(const std::vector<std::string>& expanded_flags);
}  // namespace jcb::dockerfile
