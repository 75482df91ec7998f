// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::build {

/// What --chmod says: octal as chmod(1), or symbolic with a umask of 0 (`u+x,go-w`, `a=rX`, `g=u`).
class ModeChange {
 public:
  /// Throws Error(invalid) for what is neither, and for numbers above 07777.
  static ModeChange parse(std::string_view text);

  /// The permission bits (07777) that a file with the st_mode `mode` gets: `X` asks whether it is a directory or
  /// executable already.
  std::uint32_t apply(std::uint32_t mode) const noexcept;
  /// The number, when it was one: then the mode before does not matter.
  std::optional<std::uint32_t> absolute() const noexcept { return m_absolute; }

 private:
  struct Clause {
    std::uint32_t who = 0;  // the bits that may change
    char operation = '+';
    std::uint32_t bits = 0;         // of r, w, x, s and t, for all three classes
    bool conditional_x = false;     // X
    std::vector<char> copied_from;  // u, g, o
  };
  class Parser;
  static std::uint32_t apply_clause(const Clause& clause, std::uint32_t original, std::uint32_t mode) noexcept;

  std::optional<std::uint32_t> m_absolute;
  std::vector<Clause> m_clauses;
};

}  // namespace jcb::build
