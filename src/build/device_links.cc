// SPDX-License-Identifier: Apache-2.0
#include "build/device_links.h"

namespace jcb::build {
namespace {

constexpr int k_max_links = 40;  // as the kernel's MAXSYMLINKS

std::string clean(const std::filesystem::path& path) {
  std::string text = path.lexically_normal().native();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

// The path and every directory above it, the deepest first.
std::vector<std::string> ancestors(std::string path) {
  std::vector<std::string> result;
  while (path.size() > 1) {
    result.push_back(path);
    path.resize(path.rfind('/'));
  }
  return result;
}

}  // namespace

DeviceLinks::DeviceLinks(const std::map<std::string, std::string>& mounts, const std::vector<cdi::Link>& links) : m_mounts(mounts) {
  for (const auto& link : links) {
    const std::string path = clean(link.path);
    // The last one stays, as it would in a container.
    m_targets[path] = clean(std::filesystem::path(path).parent_path() / link.target);
    m_order.push_back(path);
  }
}

bool DeviceLinks::is_in_mount(const std::string& path) const {
  for (const auto& above : ancestors(path)) {
    if (m_mounts.count(above) != 0) return true;
  }
  return false;
}

std::optional<std::string> DeviceLinks::find_source(const std::string& path, int links_left) const {
  if (links_left == 0) return std::nullopt;
  if (const auto link = m_targets.find(path); link != m_targets.end() && !is_in_mount(path))
    return find_source(link->second, links_left - 1);
  for (const auto& above : ancestors(path)) {
    const auto mount = m_mounts.find(above);
    if (mount == m_mounts.end()) continue;
    const std::string source = mount->second + path.substr(above.size());
    std::error_code error;
    return std::filesystem::exists(source, error) ? std::optional(source) : std::nullopt;
  }
  return std::nullopt;
}

std::vector<DeviceLinks::Shown> DeviceLinks::shown() const {
  std::vector<Shown> result;
  std::map<std::string, bool> done;
  for (const auto& path : m_order) {
    if (is_in_mount(path) || !done.emplace(path, true).second) continue;
    if (auto source = find_source(path, k_max_links)) result.push_back({path, std::move(*source)});
  }
  return result;
}

}  // namespace jcb::build
