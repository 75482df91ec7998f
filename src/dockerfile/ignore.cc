// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/ignore.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::dockerfile {
namespace {

constexpr std::size_t k_max_bytes = std::size_t{1} << 20;
constexpr std::string_view k_byte_order_mark = "\xef\xbb\xbf";

// The pattern of a line as moby's ignorefile reads it, '!' and all; empty for a line that holds none.
std::string read_line(std::string_view line) {
  if (line.starts_with('#')) return {};
  line = util::trim(line);
  if (line.empty()) return {};
  const bool exception = line[0] == '!';
  if (exception) line = util::trim(line.substr(1));
  std::string pattern = line.empty() ? "" : clean_path(line);
  if (pattern.size() > 1 && pattern[0] == '/') pattern.erase(0, 1);
  return exception ? "!" + pattern : pattern;
}

std::string place(const std::string& name, const IgnoreRules::Rule& rule) {
  return rule.line == 0 ? name : name + ":" + std::to_string(rule.line);
}

}  // namespace

std::string clean_path(std::string_view path) {
  const bool absolute = path.starts_with('/');
  std::vector<std::string> parts;
  for (auto& part : util::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(std::move(part));
    } else if (!parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!absolute) {
      parts.push_back(std::move(part));
    }
  }
  const std::string joined = util::join(parts, "/");
  if (absolute) return "/" + joined;
  return joined.empty() ? "." : joined;
}

IgnoreRules IgnoreRules::parse(std::string_view text, std::string_view name) {
  IgnoreRules rules;
  rules.m_name = name;
  if (text.size() > k_max_bytes) throw Error(ErrorKind::invalid, rules.m_name + " is larger than 1 MiB");
  if (text.starts_with(k_byte_order_mark)) text.remove_prefix(k_byte_order_mark.size());
  std::size_t number = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (const auto pattern = read_line(line); !pattern.empty()) rules.add(pattern, {std::string(util::trim(line)), number});
  }
  return rules;
}

IgnoreRules IgnoreRules::from_patterns(const std::vector<std::string>& patterns, std::string_view name) {
  IgnoreRules rules;
  rules.m_name = name;
  for (const auto& pattern : patterns) {
    if (const auto trimmed = util::trim(pattern); !trimmed.empty()) rules.add(clean_path(trimmed), {std::string(trimmed), 0});
  }
  return rules;
}

void IgnoreRules::add(std::string_view pattern, Rule rule) {
  in_step("reading " + place(m_name, rule), [&] {
    const bool exception = pattern.starts_with('!');
    if (exception) pattern.remove_prefix(1);
    if (exception && (pattern.empty() || pattern == "/")) throw Error(ErrorKind::invalid, "'!' needs a pattern behind it");
    m_entries.push_back({std::move(rule), exception, PathPattern::parse(pattern)});
  });
}

const IgnoreRules::Rule* IgnoreRules::find_hiding_rule(std::string_view path) const {
  if (m_entries.empty() || path.empty() || path == ".") return nullptr;
  std::vector<std::vector<bool>> matches;
  matches.reserve(m_entries.size());
  for (const auto& entry : m_entries) matches.push_back(entry.pattern.match_prefixes(path));
  const auto depth = static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')) + 1;
  std::vector<bool> matched_above(m_entries.size());
  const Rule* hiding = nullptr;
  for (std::size_t level = 0; level < depth; ++level) {
    hiding = nullptr;
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
      const auto& entry = m_entries[i];
      // A rule that could change nothing is not asked, and so not remembered: see the head of ignore.h.
      const bool asked = entry.exception == (hiding != nullptr) && !matches[i].empty();
      if (!matched_above[i] && asked) matched_above[i] = matches[i][level];
      if (matched_above[i]) hiding = entry.exception ? nullptr : &entry.rule;
    }
  }
  return hiding;
}

bool IgnoreRules::hides_all_below(std::string_view directory) const {
  return std::none_of(m_entries.begin(), m_entries.end(), [&](const Entry& entry) {
    return entry.exception && (entry.pattern.may_match_below(directory) || entry.pattern.matches_or_parent(directory));
  });
}

bool IgnoreRules::has_exceptions() const noexcept {
  return std::any_of(m_entries.begin(), m_entries.end(), [](const Entry& entry) { return entry.exception; });
}

}  // namespace jcb::dockerfile
