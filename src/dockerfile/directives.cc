// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/directives.h"

#include "dockerfile/check_options.h"
#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::dockerfile {
namespace {

bool is_directive_name(std::string_view name) { return name == "syntax" || name == "escape" || name == "check"; }

void check_value(const Source& source, std::size_t line, const std::string& name, const std::string& value) {
  if (name == "escape" && value != "\\" && value != "`")
    source.fail({line, 1}, "escape character '" + util::escape_text(value) + "' is not allowed", "use \\ or `");
  if (name != "check") return;
  try {
    parse_check_options(value);
  } catch (const Error& error) {
    source.fail({line, 1}, error.message(), error.hint());
  }
}

}  // namespace

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

Directives read_directives(const Source& source) {
  Directives directives;
  const auto& lines = source.lines();
  if (!lines.empty() && lines[0].starts_with("#!")) directives.lines = 1;
  for (; directives.lines < lines.size(); ++directives.lines) {
    const auto directive = find_directive(lines[directives.lines]);
    if (!directive) break;
    const auto& [name, value] = *directive;
    check_value(source, directives.lines + 1, name, value);
    if (!directives.values.insert(*directive).second) source.fail({directives.lines + 1, 1}, "the directive '" + name + "' is given twice");
  }
  return directives;
}

}  // namespace jcb::dockerfile
