// SPDX-License-Identifier: Apache-2.0
// Runtimes say why a container did not start only in words. Those of runc (1.0 to 1.4) and crun (1.8 to 1.2x):
//   runc create failed: unable to start container process: [error during container init: ]exec: "x": executable file not found in $PATH
//   ... exec: "/x": stat /x: no such file or directory        ... exec: "/x": permission denied
//   executable file `x` not found in $PATH: No such file or directory        open executable: Permission denied
// A missing mount source is "no such file or directory" too, so the words about the program have to be there as well.
#include "runtime/failure.h"

#include "jcbuild/error.h"
#include "util/json.h"
#include "util/text.h"

#include <array>
#include <optional>

namespace jcb::runtime {
namespace {

std::optional<std::string> find_error(const std::string& line) {
  try {
    const util::Json entry = util::parse_json(line, "the runtime's log");
    const std::string level = util::get_string(entry, "level", "the runtime's log");
    if (level == "error" || level == "fatal") return util::get_string(entry, "msg", "the runtime's log");
  } catch (const Error&) {
    // Not ours to judge: a half-written last line, or a runtime that logs plain text.
  }
  return std::nullopt;
}

std::string strip_context(std::string message) {
  constexpr std::array<std::string_view, 5> k_contexts{"runc run failed: ", "runc create failed: ", "unable to start container process: ",
                                                       "error during container init: ", "OCI runtime error: "};
  for (const auto context : k_contexts) {
    if (message.starts_with(context)) message.erase(0, context.size());
  }
  return std::string(util::trim(message));
}

bool contains(const std::string& text, std::string_view word) { return text.find(word) != std::string::npos; }

int classify(const std::string& message) {
  const std::string text = util::to_lower(message);
  const bool about_program = text.starts_with("exec: ") || text.starts_with("exec ") || contains(text, "executable");
  if (!about_program) return 125;
  if (contains(text, "permission denied") || contains(text, "is a directory") || contains(text, "exec format error")) return 126;
  return contains(text, "not found") || contains(text, "no such file or directory") ? 127 : 126;
}

}  // namespace

StartFailure explain_start_failure(std::string_view log, std::string_view runtime_name) {
  std::optional<std::string> last;
  for (const auto& line : util::split(log, '\n')) {
    if (auto found = find_error(line)) last = std::move(found);
  }
  if (!last) return {125, std::string(runtime_name) + " did not start the container and did not say why"};
  const std::string message = strip_context(std::move(*last));
  return {classify(message), std::string(runtime_name) + ": " + util::escape_text(message)};
}

}  // namespace jcb::runtime
