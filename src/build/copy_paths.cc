// SPDX-License-Identifier: Apache-2.0
#include "build/copy_paths.h"

#include <sys/stat.h>

#include "dockerfile/path_pattern.h"
#include "util/text.h"

namespace jcb::build {
namespace {

using dockerfile::DoubleStar;
using dockerfile::PathPattern;

bool is_directory(const util::Root& root, const std::string& path) {
  const auto status = root.find_stat(path.empty() ? "." : path);
  return status && S_ISDIR(status->st_mode);
}

std::vector<std::string> match_names(const Context& context, const std::string& directory, const PathPattern& pattern) {
  std::vector<std::string> paths;
  if (!is_directory(context.root(), directory) || context.is_ignored_whole(directory)) return paths;
  for (const auto& entry : context.root().list(directory)) {
    if (pattern.matches(entry.name)) paths.push_back(join_path(directory, entry.name));
  }
  return paths;
}

}  // namespace

std::string relative_path(std::string_view path) {
  // Rooted, so that clean_path stops ".." there.
  return dockerfile::clean_path("/" + std::string(path)).substr(1);
}

PivotPath split_pivot(std::string_view path) {
  const auto pivot = path.find("/./");
  if (pivot == std::string_view::npos) return {"", relative_path(path)};
  return {relative_path(path.substr(0, pivot)), relative_path(path.substr(pivot + 2))};
}

// BuildKit walks below the part in front of the first wildcard and matches whole paths; a class that has a slash would
// match across directories there. Going name by name is the same for all else, and reads only what can match.
std::vector<std::string> expand_wildcards(const Context& context, std::string_view path) {
  const auto parts = util::split(relative_path(path), '/');
  std::size_t i = 0;
  std::string plain;
  for (; i < parts.size() && !dockerfile::has_wildcards(parts[i]); ++i) plain = join_path(plain, parts[i]);
  std::vector<std::string> paths{resolve_in_root(context.root(), plain)};
  for (; i < parts.size(); ++i) {
    const auto pattern = PathPattern::parse(parts[i], DoubleStar::star);
    std::vector<std::string> next;
    for (const auto& directory : paths) {
      for (auto& found : match_names(context, directory, pattern)) next.push_back(std::move(found));
    }
    paths = std::move(next);
  }
  return paths;
}

// Of a directory only that it is there: what changes below it may be hidden.
void stamp_entry(util::Sha256& stamp, const TreeEntry& entry) {
  const auto& status = entry.status;
  stamp.field(entry.relative).field(std::to_string(status.st_mode));
  if (S_ISDIR(status.st_mode)) return;
  stamp.field(std::to_string(status.st_size)).field(std::to_string(status.st_mtim.tv_sec)).field(std::to_string(status.st_mtim.tv_nsec));
}

CopyFilter::CopyFilter(const CopyRequest& request)
    : m_request(request), m_excludes(dockerfile::IgnoreRules::from_patterns(request.excludes, "--exclude")) {
  if (!request.parents) return;
  for (const auto& argument : request.arguments) m_includes.push_back(PathPattern::parse(split_pivot(argument.path).pattern));
}

TreeSelection CopyFilter::selection(const CopySource& source) const {
  TreeSelection selection;
  selection.context = m_request.arguments[source.argument].from.get();
  selection.start = source.resolved;
  if (!m_excludes.empty()) selection.exclude = &m_excludes;
  const bool takes_all = !m_request.parents || split_pivot(m_request.arguments[source.argument].path).pattern.empty();
  if (!takes_all) selection.include = &m_includes[source.argument];
  return selection;
}

}  // namespace jcb::build
