// SPDX-License-Identifier: Apache-2.0
// What the linter finds in single words: no instruction, no order.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace jcb::dockerfile {

/// Variables by name.
using Environment = std::map<std::string, std::string, std::less<>>;

/// Bounds what the expansion of one file may produce: a few bytes can ask for gigabytes.
class ExpansionBudget {
 public:
  /// Throws Error(invalid) once 256 MiB have been taken.
  void take(std::size_t bytes);
  /// Takes what a copy of them needs.
  void take_copy(const Environment& variables);
  /// Whether `count` more names may be compared with one; false once a million have been.
  bool take_comparisons(std::size_t count) noexcept;

 private:
  std::size_t m_comparisons_left = 1'000'000;
  std::size_t m_left = std::size_t{256} << 20;
};

/// Whether a variable's name says that its value is secret: one of its words (between `_`) is "password", "token", ...
/// and none is "public", "file" or "version".
bool names_secret(std::string_view name);

/// What EXPOSE may say and should not.
struct PortFaults {
  bool has_upper_case_protocol = false;
  bool has_host_part = false;
};
/// Looks at one word of EXPOSE after expansion. A word that no build would take has no faults.
PortFaults find_port_faults(std::string_view port);

/// ` (did you mean PREFIXname?)` with the defined name nearest to `name`, or "" when none is near or the
/// budget is used up.
std::string suggest_name(std::string_view name, const Environment& defined, std::string_view prefix, ExpansionBudget& budget);

/// TARGETPLATFORM, BUILDARCH and the like, which every FROM may use, for a build on and for `platform` of the stage
/// `target` ("" is the last one).
Environment platform_variables(std::string_view platform, std::string_view target);

/// `text` in double quotes, as messages show what a file holds.
std::string in_quotes(std::string_view text);

}  // namespace jcb::dockerfile
