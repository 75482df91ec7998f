// SPDX-License-Identifier: Apache-2.0
#include "build/history.h"

#include "dockerfile/ast.h"
#include "util/text.h"

namespace jcb::build {

std::string run_history(const std::vector<std::string>& arguments, const std::vector<std::string>& command) {
  std::string text = "RUN ";
  if (!arguments.empty()) text += "|" + std::to_string(arguments.size()) + " " + util::join(arguments, " ") + " ";
  return text + util::join(command, " ") + " # buildkit";
}

std::string copy_history(std::string_view keyword, const std::vector<std::string>& flags, const std::vector<std::string>& sources,
                         const std::string& destination) {
  std::string text(keyword);
  for (const auto& flag : flags) text += " " + flag;
  for (const auto& source : sources) text += " " + source;
  return text + " " + destination + " # buildkit";
}

std::string command_history(std::string_view keyword, const std::vector<std::string>& command) {
  std::vector<std::string> quoted;
  for (const auto& word : command) quoted.push_back(dockerfile::quote(word));
  return std::string(keyword) + " [" + util::join(quoted, " ") + "]";
}

std::string list_history(std::string_view keyword, const std::vector<std::string>& words) {
  return std::string(keyword) + " [" + util::join(words, " ") + "]";
}

std::string pairs_history(std::string_view keyword, const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string text(keyword);
  for (const auto& [name, value] : pairs) text += " " + name + "=" + value;
  return text;
}

}  // namespace jcb::build
