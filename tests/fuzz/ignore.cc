// SPDX-License-Identifier: Apache-2.0
#include "fuzz/targets.h"

#include "dockerfile/ignore.h"
#include "jcbuild/error.h"

namespace jcb::fuzz {

void ignore(std::string_view input) {
  const auto end = input.find('\0');
  if (end == std::string_view::npos) return;
  const std::string text(input.substr(0, end));
  const std::string path(input.substr(end + 1));
  try {
    const bool is_ignored = dockerfile::IgnoreRules::parse(text, "f").is_ignored(path);
    if (text.starts_with("\xef\xbb\xbf")) return;  // means something only where it is the first
    const auto again = dockerfile::IgnoreRules::parse("# comment\n\n" + text + "\n\n# comment\n", "f");
    require(again.is_ignored(path) == is_ignored, "comments and blank lines mean nothing");
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::invalid, "a refused file is invalid input");
  }
}

}  // namespace jcb::fuzz
