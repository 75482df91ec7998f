// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/entry_path.h"

#include "jcbuild/error.h"

#include <algorithm>

namespace jcb::oci {
namespace {

constexpr std::size_t k_max_part_bytes = 255;
constexpr std::size_t k_max_depth = 1024;

void drop_last_part(std::string& path) { path.erase(path.find('/') == std::string::npos ? 0 : path.rfind('/')); }

}  // namespace

std::string clean_entry_path(std::string_view name, const std::string& thing) {
  std::string path;
  for (std::size_t start = 0; start < name.size();) {
    const auto end = std::min(name.find('/', start), name.size());
    const auto part = name.substr(start, end - start);
    start = end + 1;
    if (part.empty() || part == ".") continue;
    if (part.size() > k_max_part_bytes) throw Error(ErrorKind::invalid, thing + ": a part of the name is longer than 255 bytes");
    if (part == "..") {
      drop_last_part(path);
      continue;
    }
    if (!path.empty()) path += '/';
    path += part;
  }
  if (static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')) >= k_max_depth)
    throw Error(ErrorKind::invalid, thing + ": more than 1024 directories deep");
  return path;
}

std::pair<std::string_view, std::string_view> split_entry_path(std::string_view path) noexcept {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return {std::string_view{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace jcb::oci
