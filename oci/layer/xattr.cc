// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/xattr.h"

#include "jcbuild/error.h"

#include <sys/xattr.h>

#include <array>

namespace jcb::oci {
namespace {

constexpr std::size_t k_max_xattr_bytes = std::size_t{64} << 10;  // XATTR_SIZE_MAX and XATTR_LIST_MAX

// linux/capability.h: struct vfs_cap_data begins with a little-endian word whose top byte is the revision.
constexpr std::size_t k_capability_v2_bytes = 20, k_capability_v3_bytes = 24, k_capability_revision_byte = 3;

void append_varint(std::string& out, std::uint32_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes[0]);
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

bool is_absent(int error) { return error == ENODATA || error == ENOTSUP; }

std::vector<std::string> split_names(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const auto end = std::min(list.find('\0'), list.size());
    names.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return names;
}

}  // namespace

bool is_layer_xattr(std::string_view name) noexcept {
  if (name == k_xattr_capability) return true;
  return name.starts_with("user.") && !name.starts_with("user.overlay.") && name != k_xattr_owner;
}

std::string normalise_capability(std::string value) {
  if (value.size() != k_capability_v3_bytes || value[k_capability_revision_byte] != 3) return value;
  value.resize(k_capability_v2_bytes);
  value[k_capability_revision_byte] = 2;
  return value;
}

std::string encode_owner(Owner owner) {
  std::string out;
  if (owner.uid != 0) append_varint(out += '\x08', owner.uid);
  if (owner.gid != 0) append_varint(out += '\x10', owner.gid);
  return out;
}

std::optional<Owner> decode_owner(std::string_view value) noexcept {
  Owner owner;
  while (!value.empty()) {
    const char tag = value[0];
    value.remove_prefix(1);
    const auto number = take_varint(value);
    if (!number || *number >= UINT32_MAX || (tag != '\x08' && tag != '\x10')) return std::nullopt;
    (tag == '\x08' ? owner.uid : owner.gid) = static_cast<std::uint32_t>(*number);
  }
  return owner;
}

std::vector<std::string> list_xattrs(int fd, std::string_view thing) {
  std::array<char, 1024> few;
  ssize_t size = ::flistxattr(fd, few.data(), few.size());
  if (size >= 0) return split_names({few.data(), static_cast<std::size_t>(size)});
  if (is_absent(errno)) return {};
  if (errno != ERANGE) throw_errno("list xattrs of", thing);
  std::string many(k_max_xattr_bytes, '\0');
  size = ::flistxattr(fd, many.data(), many.size());
  if (size < 0) throw_errno("list xattrs of", thing);
  return split_names(std::string_view(many).substr(0, static_cast<std::size_t>(size)));
}

std::optional<std::string> find_xattr(int fd, const std::string& name, std::string_view thing) {
  std::string value(256, '\0');
  ssize_t size = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
  if (size < 0 && errno == ERANGE) {
    value.resize(k_max_xattr_bytes);
    size = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
  }
  if (size < 0 && is_absent(errno)) return std::nullopt;
  if (size < 0) throw_errno("read xattr " + name + " of", thing);
  value.resize(static_cast<std::size_t>(size));
  return value;
}

void set_xattr(int fd, const std::string& name, std::string_view value, std::string_view thing) {
  if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0) throw_errno("set xattr " + name + " of", thing);
}

std::string overlay_xattr_name(OverlayXattr overlay_xattr, std::string_view name) {
  return (overlay_xattr == OverlayXattr::user ? "user.overlay." : "trusted.overlay.") + std::string(name);
}

bool is_opaque(int fd, OverlayXattr overlay_xattr, std::string_view thing) {
  return find_xattr(fd, overlay_xattr_name(overlay_xattr, "opaque"), thing) == "y";
}

void set_opaque(int fd, OverlayXattr overlay_xattr, std::string_view thing) {
  set_xattr(fd, overlay_xattr_name(overlay_xattr, "opaque"), "y", thing);
}

LayerXattrs read_layer_xattrs(int fd, OverlayXattr overlay_xattr, std::string_view thing) {
  LayerXattrs result;
  for (const auto& name : list_xattrs(fd, thing)) {
    if (name == overlay_xattr_name(overlay_xattr, "redirect") || name == overlay_xattr_name(overlay_xattr, "metacopy"))
      throw Error(ErrorKind::unsupported, std::string(thing) + " has the xattr " + name + ": its content lies in another directory",
                  "mount overlays with redirect_dir=off,metacopy=off");
    if (name == overlay_xattr_name(overlay_xattr, "opaque")) result.opaque = is_opaque(fd, overlay_xattr, thing);
    if (name != k_xattr_owner && !is_layer_xattr(name)) continue;
    const auto value = find_xattr(fd, name, thing);
    if (!value) continue;
    if (name == k_xattr_owner)
      result.recorded_owner = decode_owner(*value);
    else
      result.xattrs[name] = name == k_xattr_capability ? normalise_capability(*value) : *value;
  }
  return result;
}

}  // namespace jcb::oci
