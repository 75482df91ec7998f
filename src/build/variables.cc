// SPDX-License-Identifier: Apache-2.0
#include "build/variables.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "oci/descriptor.h"

namespace jcb::build {
namespace {

constexpr const char* k_default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::optional<std::string> find_value(const std::map<std::string, std::string>& values, std::string_view name) {
  const auto found = values.find(std::string(name));
  if (found == values.end()) return std::nullopt;
  return found->second;
}

// Arguments that every build has without --build-arg, once a stage declares them.
std::map<std::string, std::string> platform_arguments() {
  const auto host = oci::Platform::host();
  std::map<std::string, std::string> arguments;
  for (const char* side : {"TARGET", "BUILD"}) {
    arguments[std::string(side) + "PLATFORM"] = host.text();
    arguments[std::string(side) + "OS"] = host.os;
    arguments[std::string(side) + "ARCH"] = host.architecture;
    arguments[std::string(side) + "VARIANT"] = host.variant;
  }
  return arguments;
}

}  // namespace

Variables::Variables(const std::map<std::string, std::string>& build_args, const std::vector<std::string>& environment)
    : m_build_args(build_args) {
  for (const auto& entry : environment) {
    const auto equals = entry.find('=');
    set_environment(entry.substr(0, equals), equals == std::string::npos ? "" : entry.substr(equals + 1));
  }
  // As BuildKit: an image always has a PATH, so that ENV PATH=/x:$PATH extends one.
  if (m_environment.count("PATH") == 0) set_environment("PATH", k_default_path);
}

void Variables::declare_global(const dockerfile::Instruction& instruction, char escape) {
  for (const auto& word : instruction.arguments) {
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (const auto given = find_value(m_build_args, name)) {
      m_global[name] = *given;
    } else if (equals != std::string::npos) {
      m_global[name] = dockerfile::expand_word(word.substr(equals + 1), global_lookup(), escape);
    }
  }
}

std::vector<std::string> Variables::declare(const dockerfile::Instruction& instruction, char escape) {
  static const auto platform = platform_arguments();
  std::vector<std::string> words;
  for (const auto& word : instruction.arguments) {
    const auto equals = word.find('=');
    const std::string name = dockerfile::expand_word(word.substr(0, equals), lookup(), escape);
    std::optional<std::string> value = find_value(m_build_args, name);
    if (!value && equals != std::string::npos) value = dockerfile::expand_word(word.substr(equals + 1), lookup(), escape);
    if (!value) value = find_value(m_global, name);
    if (!value) value = find_value(platform, name);
    if (std::find(m_argument_order.begin(), m_argument_order.end(), name) == m_argument_order.end()) m_argument_order.push_back(name);
    if (value) m_arguments[name] = *value;
    words.push_back(value ? name + "=" + *value : name);
  }
  return words;
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

dockerfile::Lookup Variables::global_lookup() const {
  return [this](std::string_view name) { return find_value(m_global, name); };
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
    if (const auto value = find_value(m_arguments, name)) entries.push_back(name + "=" + *value);
  }
  return entries;
}

}  // namespace jcb::build
