// SPDX-License-Identifier: Apache-2.0
// Which package a wish (a request, or an entry of `depends`) means once versions are pinned.
//
//   wish                            example              accepts
//   a package's own, tagged name    "pytorch:2.8"        that package only
//   another name with a ':'         "ros:noetic"         a pinned package of which it is an alias or a prefix
//   a name without ':'              "pytorch", "torch"   any pinned package of the family
//
// Without an acceptable pin a wish means what the catalog says. Where what the catalog says is part of a pinned package
// of the same family (ros:noetic-desktop is built on ros:noetic-ros-base), it is kept: both will be there.
#pragma once

#include "packages/catalog.h"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::packages {

/// The pins of a resolution in the making. Packages are positions in catalog.packages(), whose order is that of names.
class Pins {
 public:
  explicit Pins(const Catalog& catalog) : m_catalog(catalog) {}

  /// From now on wishes for its family mean this package where they accept it.
  void pin(std::size_t package);
  bool has_pins_of(std::size_t package) const;
  /// Whether `package` is pinned, or part of a pinned package of its family.
  bool covers(std::size_t package) const;

  /// What `wish` means to `asker` (nothing: to the user). Throws Error(not_found).
  std::size_t choose(std::string_view wish, std::optional<std::size_t> asker) const;
  /// Whether a wish names a version, and so pins it for those who do not care.
  static bool names_version(std::string_view wish) noexcept { return wish.find(':') != std::string_view::npos; }

 private:
  const Package& at(std::size_t package) const { return m_catalog.packages()[package]; }
  std::optional<std::size_t> find(std::string_view wish) const;
  std::vector<std::size_t> acceptable_pins(std::string_view wish, std::string_view family) const;
  std::vector<std::size_t> bases(std::size_t package) const;
  bool reaches(std::size_t from, std::size_t to) const;
  std::optional<std::size_t> choose_pin(const std::vector<std::size_t>& pins, std::optional<std::size_t> asker) const;

  const Catalog& m_catalog;
  std::map<std::string, std::set<std::size_t>, std::less<>> m_pins;  ///< by family
};

}  // namespace jcb::packages
