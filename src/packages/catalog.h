// SPDX-License-Identifier: Apache-2.0
// All packages of one or more trees, for one target.
#pragma once

#include "packages/package.h"
#include "platform/target.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::packages {

/// A package that exists but not for this target, and what would change that.
struct Disabled {
  std::string name;
  std::vector<std::string> aliases;
  std::vector<std::string> reasons;  ///< "needs L4T >=36", "needs distribution ubuntu 22.04"
  bool operator==(const Disabled&) const = default;
};

/// The packages of all trees that exist for a target. A value: nothing is read after `load`.
class Catalog {
 public:
  /// Scans the trees (a tree's root or its `packages/`), in order; a name in an earlier tree hides the later one.
  /// A directory that cannot be read is recorded in load_errors (directory -> "file:line:column: cause") and loses only
  /// itself. `cache_directory`, where given, keeps the parsed result keyed by the trees' stat data and the target, so
  /// that a warm load parses no YAML. Throws Error(not_found) when a tree does not exist.
  static Catalog load(const std::vector<std::filesystem::path>& trees, const platform::Target& target,
                      const std::optional<std::filesystem::path>& cache_directory);

  /// By name, then by alias; nothing when there is none.
  const Package* find(std::string_view name) const;
  const std::vector<Package>& packages() const noexcept { return m_packages; }  ///< sorted by name
  const std::vector<Disabled>& disabled() const noexcept { return m_disabled; }
  const std::map<std::string, std::string>& load_errors() const noexcept { return m_load_errors; }
  const platform::Target& target() const noexcept { return m_target; }

  /// The Error(not_found) for a name that `find` does not know: for a disabled one, which targets it needs and which
  /// variants exist here; else the nearest names.
  [[noreturn]] void throw_missing(std::string_view name) const;

 private:
  std::vector<Package> m_packages;
  std::vector<Disabled> m_disabled;
  std::map<std::string, std::string> m_load_errors;
  std::map<std::string, std::size_t, std::less<>> m_index;  ///< names and aliases
  platform::Target m_target;
};

}  // namespace jcb::packages
