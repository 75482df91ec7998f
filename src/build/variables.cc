// SPDX-License-Identifier: Apache-2.0
#include "build/variables.h"

#include <algorithm>

#include "jcbuild/error.h"

namespace jcb::build {
namespace {

constexpr const char* k_default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::optional<std::string> find_value(const std::map<std::string, std::string>& values, std::string_view name) {
  const auto found = values.find(std::string(name));
  if (found == values.end()) return std::nullopt;
  return found->second;
}

void add_platform(std::map<std::string, std::string>& arguments, const std::string& side, const oci::Platform& platform) {
  arguments[side + "PLATFORM"] = platform.text();
  arguments[side + "OS"] = platform.os;
  arguments[side + "ARCH"] = platform.architecture;
  arguments[side + "VARIANT"] = platform.variant;
}

}  // namespace

GlobalScope::GlobalScope(std::map<std::string, std::string> build_args, const oci::Platform& target) : m_build_args(std::move(build_args)) {
  add_platform(m_platform, "TARGET", target);
  add_platform(m_platform, "BUILD", oci::Platform::host());
}

void GlobalScope::declare(const dockerfile::Instruction& instruction, char escape) {
  for (const auto& word : instruction.arguments) {
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (const auto given = find_given(name)) {
      m_global[name] = *given;
    } else if (equals != std::string::npos) {
      m_global[name] = dockerfile::expand_word(word.substr(equals + 1), lookup(), escape);
    }
  }
}

dockerfile::Lookup GlobalScope::lookup() const {
  return [this](std::string_view name) { return find_inherited(name); };
}

std::optional<std::string> GlobalScope::find_given(std::string_view name) const { return find_value(m_build_args, name); }

std::optional<std::string> GlobalScope::find_inherited(std::string_view name) const {
  if (auto value = find_value(m_global, name)) return value;
  // The user may say for which platform a build is, as docker allows.
  const auto given = m_platform.count(std::string(name)) != 0 ? find_given(name) : std::nullopt;
  return given ? given : find_value(m_platform, name);
}

std::vector<std::string> GlobalScope::names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : m_global) names.push_back(name);
  for (const auto& [name, value] : m_platform) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

Variables::Variables(const GlobalScope& global, const std::vector<std::string>& environment) : m_scope(global) {
  for (const auto& entry : container_environment(environment)) {
    const auto equals = entry.find('=');
    set_environment(entry.substr(0, equals), equals == std::string::npos ? "" : entry.substr(equals + 1));
  }
}

std::vector<std::string> Variables::declare(const dockerfile::Instruction& instruction, char escape) {
  std::vector<std::string> words;
  for (const auto& word : instruction.arguments) {
    const auto equals = word.find('=');
    const std::string name = dockerfile::expand_word(word.substr(0, equals), lookup(), escape);
    std::optional<std::string> value = m_scope.find_given(name);
    if (!value && equals != std::string::npos) value = dockerfile::expand_word(word.substr(equals + 1), lookup(), escape);
    if (!value) value = m_scope.find_inherited(name);
    if (!is_declared(name)) m_argument_order.push_back(name);
    if (value) m_arguments[name] = *value;
    words.push_back(value ? name + "=" + *value : name);
  }
  return words;
}

void Variables::inherit(const std::vector<std::pair<std::string, std::optional<std::string>>>& arguments) {
  for (const auto& [name, value] : arguments) {
    m_argument_order.push_back(name);
    if (value) m_arguments[name] = *value;
  }
}

std::vector<std::pair<std::string, std::optional<std::string>>> Variables::arguments() const {
  std::vector<std::pair<std::string, std::optional<std::string>>> result;
  for (const auto& name : m_argument_order) result.emplace_back(name, find_value(m_arguments, name));
  return result;
}

bool Variables::is_declared(std::string_view name) const {
  return std::find(m_argument_order.begin(), m_argument_order.end(), name) != m_argument_order.end();
}

void Variables::set_environment(const std::string& name, const std::string& value) {
  if (name.empty()) throw Error(ErrorKind::invalid, "ENV with an empty name");
  if (m_environment.insert_or_assign(name, value).second) m_environment_order.push_back(name);
}

dockerfile::Lookup Variables::lookup() const {
  return [this](std::string_view name) {
    auto value = find_value(m_environment, name);
    return value ? value : find_value(m_arguments, name);
  };
}

std::vector<std::string> Variables::image_environment() const {
  std::vector<std::string> entries;
  for (const auto& name : m_environment_order) entries.push_back(name + "=" + m_environment.at(name));
  return entries;
}

std::vector<std::string> Variables::run_environment(const std::map<std::string, std::string>& extra) const {
  std::map<std::string, std::string> merged = m_arguments;
  for (const auto& [name, value] : m_environment) merged[name] = value;
  for (const auto& [name, value] : extra) merged.emplace(name, value);
  std::vector<std::string> entries;
  for (const auto& [name, value] : merged) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<std::string> Variables::declared_arguments() const {
  std::vector<std::string> entries;
  for (const auto& name : m_argument_order) {
    const auto value = find_value(m_arguments, name);
    if (value && m_environment.count(name) == 0) entries.push_back(name + "=" + *value);
  }
  return entries;
}

std::vector<std::string> container_environment(const std::vector<std::string>& image_environment) {
  auto environment = image_environment;
  // As BuildKit: an image always has a PATH, so that ENV PATH=/x:$PATH extends one.
  const auto is_path = [](const std::string& entry) { return entry.starts_with("PATH="); };
  if (std::none_of(environment.begin(), environment.end(), is_path)) environment.push_back("PATH=" + std::string(k_default_path));
  return environment;
}

}  // namespace jcb::build
