// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/check_options.h"

#include "dockerfile/directives.h"
#include "jcbuild/error.h"
#include "util/text.h"

#include <array>

namespace jcb::dockerfile {
namespace {

[[noreturn]] void reject(std::string_view option) {
  throw Error(ErrorKind::invalid, "invalid check option '" + util::escape_text(option) + "'",
              "write skip=RULE,RULE or skip=all, experimental=RULE or experimental=all, error=true; ';' between them");
}

void add_rules(std::string_view list, bool& all, std::set<std::string, std::less<>>& rules) {
  if (list == "all") {
    all = true;
    return;
  }
  for (const std::string& name : util::split(list, ',')) rules.emplace(util::trim(name));
}

// The spellings that Go's strconv.ParseBool knows.
bool parse_bool(std::string_view text, std::string_view option) {
  constexpr std::array<std::string_view, 6> k_true{"1", "t", "T", "true", "TRUE", "True"};
  constexpr std::array<std::string_view, 6> k_false{"0", "f", "F", "false", "FALSE", "False"};
  for (std::size_t i = 0; i < k_true.size(); ++i) {
    if (text == k_true[i] || text == k_false[i]) return text == k_true[i];
  }
  reject(option);
}

void take_option(CheckOptions& options, std::string_view option) {
  const auto equals = option.find('=');
  if (equals == std::string_view::npos) reject(option);
  const std::string_view name = util::trim(option.substr(0, equals)), value = util::trim(option.substr(equals + 1));
  if (name == "skip") {
    add_rules(value, options.skip_all, options.skipped);
  } else if (name == "experimental") {
    add_rules(value, options.experimental_all, options.experimental);
  } else if (name == "error") {
    options.warnings_are_errors = parse_bool(value, option);
  } else {
    reject(option);
  }
}

}  // namespace

CheckOptions parse_check_options(std::string_view text) {
  CheckOptions options;
  text = util::trim(text);
  text = text.substr(0, text.find(' '));
  if (text.empty()) return options;
  for (const std::string& option : util::split(text, ';')) take_option(options, option);
  return options;
}

CheckOptions options_in_comments(const std::vector<std::string>& comments) {
  for (const std::string& comment : comments) {
    const auto directive = find_directive("#" + comment);
    if (!directive || directive->first != "check") continue;
    try {
      return parse_check_options(directive->second);
    } catch (const Error&) {
      return {};
    }
  }
  return {};
}

}  // namespace jcb::dockerfile
