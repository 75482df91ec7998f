// SPDX-License-Identifier: Apache-2.0
// What a file says about its own check: `# check=skip=A,B;error=true;experimental=C` at its top, and the same without
// `error` in a comment in front of one instruction.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::dockerfile {

/// Which rules apply.
struct CheckOptions {
  bool skip_all = false;
  bool experimental_all = false;
  bool warnings_are_errors = false;
  std::set<std::string, std::less<>> skipped;
  std::set<std::string, std::less<>> experimental;
};

/// Reads a directive's value. As in BuildKit only the text up to the first blank counts, and rules that do not exist may
/// be named. Throws Error(invalid) for an option that is not skip, experimental or error, or has no value.
CheckOptions parse_check_options(std::string_view text);

/// The options of the first `check=...` among the comments of an instruction; defaults where there is none or it is
/// malformed.
CheckOptions options_in_comments(const std::vector<std::string>& comments);

}  // namespace jcb::dockerfile
