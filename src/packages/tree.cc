// SPDX-License-Identifier: Apache-2.0
#include "packages/tree.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::packages {
namespace {

std::int64_t to_ns(const struct timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

std::string make_stamp(const struct stat& status) {
  std::string stamp;
  for (const auto number : {static_cast<std::int64_t>(status.st_dev), static_cast<std::int64_t>(status.st_ino),
                            std::int64_t{status.st_size}, to_ns(status.st_mtim), to_ns(status.st_ctim)})
    stamp += (stamp.empty() ? "" : " ") + std::to_string(number);
  return stamp;
}

std::string_view to_root_path(std::string_view path) { return path.empty() ? "." : path; }

}  // namespace

PackageTree PackageTree::open(const std::filesystem::path& path) {
  const auto absolute = std::filesystem::absolute(path).lexically_normal();
  try {
    util::Root root = util::Root::open(absolute);
    const auto below = root.find_stat("packages", util::Follow::yes);
    const std::filesystem::path named = absolute.has_filename() ? absolute : absolute.parent_path();
    if (!below || !S_ISDIR(below->st_mode)) return {named, std::move(root)};
    return {named / "packages", root.subroot("packages")};
  } catch (const Error& error) {
    throw Error(ErrorKind::not_found, "no tree of packages at " + util::escape_text(absolute.native()) + ": " + error.message(),
                "name a directory of packages with --packages or JCBUILD_PACKAGES", error.errno_value());
  }
}

std::string PackageTree::display_path(std::string_view path) const {
  const std::string name = m_directory.filename().native();
  return path.empty() ? name : name + "/" + std::string(path);
}

std::vector<util::DirEntry> PackageTree::list(std::string_view path) {
  remember(std::string(path));
  auto entries = m_root.list(path);
  for (auto& entry : entries) {
    if (entry.type != 0) continue;
    const auto status = m_root.find_stat(std::string(path) + (path.empty() ? "" : "/") + entry.name);
    entry.type = status ? status->st_mode & S_IFMT : 0;
  }
  return entries;
}

std::optional<std::string> PackageTree::find_text(const std::string& path, std::uint64_t limit_bytes) {
  return remember(path) ? m_root.find_file(path, limit_bytes) : std::nullopt;
}

bool PackageTree::has_file(const std::string& path) {
  const auto status = remember(path);
  return status && S_ISREG(status->st_mode);
}

std::string PackageTree::read_stamp(const std::string& path) const {
  const auto status = m_root.find_stat(to_root_path(path), util::Follow::yes);
  return status ? make_stamp(*status) : std::string();
}

std::optional<struct stat> PackageTree::remember(const std::string& path) {
  const auto status = m_root.find_stat(to_root_path(path), util::Follow::yes);
  m_stamps.try_emplace(path, status ? make_stamp(*status) : std::string());
  if (status) m_newest_change_ns = std::max({m_newest_change_ns, to_ns(status->st_ctim), to_ns(status->st_mtim)});
  return status;
}

}  // namespace jcb::packages
