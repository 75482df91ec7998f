// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/directives.h"

#include "util/text.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace jcb::dockerfile {
namespace {

bool is_directive_name(std::string_view name) { return name == "syntax" || name == "escape" || name == "check"; }

std::optional<std::pair<std::string, std::string>> find_directive(std::string_view line) {
  line = util::trim(line);
  if (!line.starts_with('#')) return std::nullopt;
  line.remove_prefix(1);
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  std::string name = util::to_lower(util::trim(line.substr(0, equals)));
  std::string value(util::trim(line.substr(equals + 1)));
  if (!is_directive_name(name) || value.empty()) return std::nullopt;
  return std::pair(std::move(name), std::move(value));
}

}  // namespace

std::map<std::string, std::string> read_directives(const Source& source) {
  std::map<std::string, std::string> directives;
  const auto& lines = source.lines();
  for (std::size_t i = !lines.empty() && lines[0].starts_with("#!") ? 1 : 0; i < lines.size(); ++i) {
    const auto directive = find_directive(lines[i]);
    if (!directive) break;
    const auto& [name, value] = *directive;
    if (name == "escape" && value != "\\" && value != "`")
      source.fail({i + 1, 1}, "escape character '" + util::escape_text(value) + "' is not allowed", "use \\ or `");
    if (!directives.insert(*directive).second) source.fail({i + 1, 1}, "the directive '" + name + "' is given twice");
  }
  return directives;
}

}  // namespace jcb::dockerfile
