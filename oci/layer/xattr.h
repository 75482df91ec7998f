// SPDX-License-Identifier: Apache-2.0
// Extended attributes that mean something here. Private to oci/layer.
//
// Into and out of layers go, by allow-list: security.capability (always as revision 2: revision 3 names the user
// namespace that set it, which another machine does not have) and user.*, but not user.overlay.* (overlayfs's own
// marks, with which an image could reach into lower layers) nor user.rootlesscontainers (the record of an owner that
// this process could not set: message {uint32 uid = 1; uint32 gid = 2;} in protobuf, as umoci writes it).
#pragma once

#include "oci/layer/layer.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::oci {

/// A file's owner.
struct Owner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool operator==(const Owner&) const = default;
};

inline constexpr const char* k_xattr_capability = "security.capability";
inline constexpr const char* k_xattr_owner = "user.rootlesscontainers";

/// Whether layers carry the xattr.
bool is_layer_xattr(std::string_view name) noexcept;
/// A security.capability value as revision 2; others stay as they are.
std::string normalise_capability(std::string value);
std::string encode_owner(Owner owner);
/// Nothing when it is malformed.
std::optional<Owner> decode_owner(std::string_view value) noexcept;

/// The names of all xattrs of an open file; none where the file system has none. Throws Error(system).
std::vector<std::string> list_xattrs(int fd, std::string_view thing);
/// One value, or nothing when it is not there. Throws Error(system).
std::optional<std::string> find_xattr(int fd, const std::string& name, std::string_view thing);
/// Throws Error(system).
void set_xattr(int fd, const std::string& name, std::string_view value, std::string_view thing);

/// "user.overlay.NAME" or "trusted.overlay.NAME".
std::string overlay_xattr_name(OverlayXattr overlay_xattr, std::string_view name);
/// Whether an open directory hides what lies below it.
bool is_opaque(int fd, OverlayXattr overlay_xattr, std::string_view thing);
void set_opaque(int fd, OverlayXattr overlay_xattr, std::string_view thing);

/// What a layer says about an open file beyond its stat.
struct LayerXattrs {
  std::map<std::string, std::string> xattrs;  ///< by the allow-list, normalised
  std::optional<Owner> recorded_owner;
  bool opaque = false;
};
/// Reads them with one call for the usual file that has none. Throws Error(unsupported) for overlayfs's redirects and
/// metadata-only copies: such a directory does not hold its own content.
LayerXattrs read_layer_xattrs(int fd, OverlayXattr overlay_xattr, std::string_view thing);

}  // namespace jcb::oci
