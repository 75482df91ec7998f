// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::platform {

/// A dotted number such as 36.4.3 or 12.8, compared number by number; missing parts are 0 in comparisons.
class Version {
 public:
  Version() = default;
  /// Parses digits and dots (a leading "r", "R" or "v" is dropped). Throws Error(invalid).
  static Version parse(std::string_view text);
  /// As parse, but nothing when the text is no version.
  static std::optional<Version> find(std::string_view text) noexcept;
  /// The number at `index`, 0 where the version has none.
  int part(std::size_t index) const noexcept { return index < m_parts.size() ? m_parts[index] : 0; }
  int major() const noexcept { return part(0); }
  int minor() const noexcept { return part(1); }
  /// How many numbers were written: 3 for 36.4.0, 2 for 36.4.
  std::size_t size() const noexcept { return m_parts.size(); }
  bool empty() const noexcept { return m_parts.empty(); }
  /// The first `count` numbers, fewer where there are fewer.
  Version prefix(std::size_t count) const;
  std::string text() const;
  std::strong_ordering operator<=>(const Version& other) const noexcept;
  bool operator==(const Version& other) const noexcept { return (*this <=> other) == 0; }

 private:
  std::vector<int> m_parts;
};

/// Whether `version` satisfies a PEP 440 style specifier set over dotted numbers: ">=36", "==36.*", ">=12.4,<13",
/// "~=12.4". An empty version (there is no L4T, no CUDA) satisfies only the empty set. Throws Error(invalid) for a bad
/// specifier.
bool satisfies(const Version& version, std::string_view specifiers);

}  // namespace jcb::platform
