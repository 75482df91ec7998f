// SPDX-License-Identifier: Apache-2.0
// How the path of an argument is read; shared by what selects and what copies.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "build/copy.h"
#include "build/paths.h"
#include "build/tree_walk.h"
#include "util/hash.h"

namespace jcb::build {

/// The argument of COPY --parents in two: where to start, and what to take below it.
struct PivotPath {
  std::string start;    ///< relative and clean; "" is the root
  std::string pattern;  ///< likewise; "" takes everything
};

/// A path below a root: relative, clean, ".." stopped at the root; "" is the root.
std::string relative_path(std::string_view path);
/// Splits at "/./"; without it everything is the pattern.
PivotPath split_pivot(std::string_view path);

/// What is found at the paths that a wildcard matches, in order of names; links inside it are not followed. Hidden
/// entries are not there. Throws Error(invalid) for a bad pattern.
std::vector<std::string> expand_wildcards(const Context& context, std::string_view path);

/// The patterns of a request, parsed once, as tree_walk.h takes them.
class CopyFilter {
 public:
  /// Throws Error(invalid).
  explicit CopyFilter(const CopyRequest& request);
  /// The walk over a source. Borrows the request and this object.
  TreeSelection selection(const CopySource& source) const;
  /// Whether --exclude names a file that a wildcard matched.
  bool is_excluded(const std::string& name) const { return m_excludes.is_ignored(name); }

 private:
  const CopyRequest& m_request;
  dockerfile::IgnoreRules m_excludes;
  std::vector<dockerfile::PathPattern> m_includes;  // one for each argument of --parents
};

/// Adds to a hash what tells that an entry was changed, without reading it: CopySource::stamp.
void stamp_entry(util::Sha256& stamp, const TreeEntry& entry);

}  // namespace jcb::build
