// SPDX-License-Identifier: Apache-2.0
#include "cdi/host_node.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace jcb::cdi {
namespace {

// "u", an unbuffered character device, is one to the host.
std::string type_on_host(const std::string& type) { return type == "u" ? "c" : type; }

}  // namespace

std::optional<HostNode> find_host_node(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
  const char* type = S_ISBLK(status.st_mode) ? "b" : S_ISCHR(status.st_mode) ? "c" : S_ISFIFO(status.st_mode) ? "p" : nullptr;
  if (type == nullptr) return std::nullopt;
  return HostNode{type, static_cast<std::int64_t>(major(status.st_rdev)), static_cast<std::int64_t>(minor(status.st_rdev)),
                  status.st_mode & 07777};
}

DeviceNode complete_node(DeviceNode node, const HostNodes& host) {
  if (node.host_path.empty()) node.host_path = node.path;
  const auto found = host(node.host_path);
  if (!found) {
    if (node.type == "p" || (!node.type.empty() && node.major != 0)) return node;
    throw Error(ErrorKind::not_found, "there is no device " + util::escape_text(node.host_path) + " on this machine");
  }
  if (node.type.empty()) node.type = found->type;
  if (type_on_host(node.type) != found->type)
    throw Error(ErrorKind::invalid, "the device " + util::escape_text(node.host_path) + " is of type " + found->type +
                                        " on this machine, not " + node.type + " as its specification says");
  if (node.major == 0 && node.type != "p") node.major = found->major, node.minor = found->minor;
  if (!node.file_mode) node.file_mode = found->mode;
  return node;
}

}  // namespace jcb::cdi
