// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/lint.h"
#include "util/json.h"
#include "util/text.h"

#include <algorithm>
#include <array>

namespace jcb::dockerfile {
namespace {

constexpr std::string_view k_rule = "--------------------\n";

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines = util::split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

// A line as a terminal may show it, not longer than a screen.
std::string shown(const std::string& line) {
  constexpr std::size_t k_longest = 200;
  std::string start = line.substr(0, k_longest);
  if (start.ends_with('\r')) start.pop_back();
  std::replace(start.begin(), start.end(), '\t', ' ');
  return util::escape_text(start) + (line.size() > k_longest ? "..." : "");
}

std::string padded(std::size_t number) {
  std::string text = std::to_string(number);
  return std::string(text.size() < 3 ? 3 - text.size() : 0, ' ') + text;
}

// The lines of the place, with two around one line and one around more; as BuildKit shows them, and a caret.
std::string excerpt(const std::vector<std::string>& lines, const LintWarning& warning) {
  const std::size_t first = warning.position.line, last = std::min(std::max(warning.last_line, first), lines.size());
  const std::size_t around = first == last ? 2 : 1;
  const std::size_t from = first > around ? first - around : 1, to = std::min(last + around, lines.size());
  std::string text;
  for (std::size_t number = from; number <= to; ++number) {
    const bool is_marked = number >= first && number <= last;
    text += " " + padded(number) + " | " + (is_marked ? ">>> " : "    ") + shown(lines[number - 1]) + "\n";
    if (number == first)
      text += " " + std::string(padded(number).size(), ' ') + " |     " + std::string(warning.position.column - 1, ' ') + "^\n";
  }
  return text;
}

util::Json to_json(const LintWarning& warning) {
  return {{"rule", warning.rule},
          {"message", warning.message},
          {"line", warning.position.line},
          {"column", warning.position.column},
          {"last_line", std::max(warning.last_line, warning.position.line)},
          {"description", warning.description},
          {"url", warning.url}};
}

// In the order of ErrorKind.
const char* kind_name(ErrorKind kind) {
  static constexpr std::array<const char*, 7> k_names{"usage", "not_found", "invalid", "refused", "unsupported", "failed", "system"};
  return k_names.at(static_cast<std::size_t>(kind));
}

util::Json error_record(const LintResult& result, const Error* error) {
  if (error != nullptr) return {{"kind", kind_name(error->kind())}, {"message", error->message()}, {"hint", error->hint()}};
  if (result.is_error) return {{"kind", kind_name(ErrorKind::refused)}, {"message", result.error_message()}, {"hint", ""}};
  return nullptr;
}

}  // namespace

std::string format_lint_text(std::string_view name, std::string_view text, const LintResult& result) {
  constexpr std::string_view k_byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(k_byte_order_mark)) text.remove_prefix(k_byte_order_mark.size());
  const std::vector<std::string> lines = lines_of(text);
  std::string output;
  for (const LintWarning& warning : result.warnings) {
    output += "\nWARNING: " + warning.rule + " - " + warning.url + "\n" + util::escape_text(warning.message) + "\n";
    output += util::escape_text(name) + ":" + std::to_string(warning.position.line) + "\n";
    output.append(k_rule).append(excerpt(lines, warning)).append(k_rule);
  }
  return output;
}

std::string format_lint_json(std::string_view name, const LintResult& result, const Error* error) {
  util::Json warnings = util::Json::array();
  for (const LintWarning& warning : result.warnings) warnings.push_back(to_json(warning));
  return util::to_pretty_text({{"file", name}, {"warnings", std::move(warnings)}, {"error", error_record(result, error)}});
}

}  // namespace jcb::dockerfile
