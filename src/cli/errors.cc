// SPDX-License-Identifier: Apache-2.0
#include "cli/errors.h"

#include "cli/terminal.h"

namespace jcb::cli {

std::string format_error(const Error& error, bool color) {
  const auto paint = [&](const char* code, const std::string& text) {
    return color ? "\x1b[" + std::string(code) + "m" + text + "\x1b[0m" : text;
  };
  std::string text = paint("1;31", "jcbuild:") + " " + escape(error.message()) + "\n";
  for (const auto& step : error.steps()) text += "  while " + escape(step) + "\n";
  for (const auto& line : error.details()) text += "  | " + escape(line) + "\n";
  if (!error.hint().empty()) text += paint("1", "hint:") + " " + escape(error.hint()) + "\n";
  return text;
}

int exit_code_of(const Error& error) noexcept { return error.kind() == ErrorKind::usage ? 2 : 1; }

}  // namespace jcb::cli
