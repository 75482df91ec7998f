// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/lint_words.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>
#include <array>
#include <vector>

namespace jcb::dockerfile {
namespace {

bool holds(const std::vector<std::string>& words, std::initializer_list<std::string_view> any_of) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return std::find(any_of.begin(), any_of.end(), word) != any_of.end(); });
}

}  // namespace

void ExpansionBudget::take(std::size_t bytes) {
  if (bytes > m_left) throw Error(ErrorKind::invalid, "the file's variables expand to more than 256 MiB");
  m_left -= bytes;
}

void ExpansionBudget::take_copy(const Environment& variables) {
  constexpr std::size_t k_node = 128;
  for (const auto& [name, value] : variables) take(k_node + name.size() + value.size());
}

bool ExpansionBudget::take_comparisons(std::size_t count) noexcept {
  if (count > m_comparisons_left) return false;
  m_comparisons_left -= count;
  return true;
}

bool names_secret(std::string_view name) {
  const std::vector<std::string> words = util::split(util::to_lower(name), '_');
  return holds(words, {"apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"}) &&
         !holds(words, {"public", "file", "version"});
}

PortFaults find_port_faults(std::string_view port) {
  const auto colon = port.rfind(':');
  const std::string_view container = colon == std::string_view::npos ? port : port.substr(colon + 1);
  const auto slash = container.find('/');
  if (container.empty() || slash == 0) return {};
  const std::string_view protocol = slash == std::string_view::npos ? std::string_view() : container.substr(slash + 1);
  const std::string lower = util::to_lower(protocol);
  if (!protocol.empty() && lower != "tcp" && lower != "udp" && lower != "sctp") return {};
  return {.has_upper_case_protocol = lower != protocol, .has_host_part = colon != std::string_view::npos && colon != 0};
}

std::string suggest_name(std::string_view name, const Environment& defined, std::string_view prefix, ExpansionBudget& budget) {
  if (!budget.take_comparisons(defined.size())) return {};
  std::vector<std::string> names;
  for (const auto& [known, value] : defined) names.push_back(known);
  const std::vector<std::string> nearest = util::nearest_names(name, names, 1);
  return nearest.empty() ? "" : " (did you mean " + std::string(prefix) + nearest[0] + "?)";
}

Environment platform_variables(std::string_view platform, std::string_view target) {
  std::vector<std::string> parts = util::split(platform, '/');
  parts.resize(3);
  Environment variables{{"TARGETSTAGE", target.empty() ? "default" : std::string(target)}};
  for (const std::string side : {"BUILD", "TARGET"}) {
    variables[side + "PLATFORM"] = platform;
    variables[side + "OS"] = parts[0];
    variables[side + "OSVERSION"] = "";
    variables[side + "ARCH"] = parts[1];
    variables[side + "VARIANT"] = parts[2];
  }
  return variables;
}

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace jcb::dockerfile
