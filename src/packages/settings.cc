// SPDX-License-Identifier: Apache-2.0
#include "packages/settings.h"

#include "util/text.h"

#include <algorithm>

namespace jcb::packages {
namespace {

bool is_known(std::string_view key) { return std::find(package_keys().begin(), package_keys().end(), key) != package_keys().end(); }

std::string shown(std::string_view text) { return "'" + util::escape_text(text) + "'"; }

void require_name(const std::string& name, std::string_view key, const SourcePosition& at) {
  if (!is_package_name(name))
    reject(at, shown(name) + " under " + shown(key) + " is not a package name (letters, digits and . _ + : -, at most 128)");
}

bool is_argument_name(std::string_view name) {
  static constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
  return !name.empty() && name.find_first_not_of(allowed) == std::string_view::npos && (name[0] < '0' || name[0] > '9');
}

// Inside the package's directory and plain, as a build context path is.
void require_relative_path(const std::string& path, const Node& node) {
  bool is_plain = !path.empty() && path.front() != '/';
  for (const auto& part : util::split(path, '/')) is_plain = is_plain && !part.empty() && part != "." && part != "..";
  if (!is_plain) reject(node.at, "dockerfile " + shown(path) + " is not a file below the package's directory");
}

class PackageReader {
 public:
  explicit PackageReader(const Settings& settings) : m_settings(settings) {}

  std::string text(std::string_view key) const {
    const Node* node = find(key);
    return node == nullptr ? std::string() : to_text(*node, key);
  }
  std::vector<std::string> texts(std::string_view key) const {
    const Node* node = find(key);
    return node == nullptr ? std::vector<std::string>{} : to_texts(*node, key);
  }
  std::string name() const {
    const Node* node = find("name");
    std::string value = text("name");
    require_name(value, "name", node == nullptr ? SourcePosition{} : node->at);
    return value;
  }
  std::vector<std::string> names(std::string_view key) const {
    std::vector<std::string> values = texts(key);
    for (const auto& value : values) require_name(value, key, find(key)->at);
    return values;
  }
  std::optional<std::string> dockerfile() const {
    const Node* node = find("dockerfile");
    if (node == nullptr || node->is_null()) return std::nullopt;
    std::string path = to_text(*node, "dockerfile");
    require_relative_path(path, *node);
    return path;
  }
  std::map<std::string, std::string> build_args() const {
    std::map<std::string, std::string> arguments;
    const Node* node = find("build_args");
    if (node == nullptr || node->is_null()) return arguments;
    if (!node->is_mapping()) reject(node->at, "'build_args' must be a mapping of names to values");
    for (const NodeEntry& entry : node->entries) {
      if (!is_argument_name(entry.key)) reject(entry.at, shown(entry.key) + " is not the name of a build argument");
      if (entry.value.is_null()) reject(entry.at, "build argument " + shown(entry.key) + " has no value");
      arguments[entry.key] = to_text(entry.value, entry.key);
    }
    return arguments;
  }

 private:
  const Node* find(std::string_view key) const {
    const auto found = m_settings.find(key);
    return found == m_settings.end() ? nullptr : &found->second;
  }
  const Settings& m_settings;
};

}  // namespace

const std::vector<std::string>& package_keys() {
  static const std::vector<std::string> keys{"alias",    "build_args", "build_flags", "buildkit_device", "config", "depends",
                                             "disabled", "docs",       "dockerfile",  "group",           "name",   "notes",
                                             "path",     "postfix",    "prefix",      "requires",        "test",   "variants"};
  return keys;
}

bool is_package_mapping(const Node& node) {
  return node.is_mapping() && std::all_of(node.entries.begin(), node.entries.end(), [](const NodeEntry& e) { return is_known(e.key); });
}

bool resembles_package_mapping(const Node& node) {
  return std::any_of(node.entries.begin(), node.entries.end(), [](const NodeEntry& e) { return is_known(e.key); });
}

void update(Settings& settings, const Node& mapping) {
  require_known_keys(mapping, package_keys(), "a package");
  for (const NodeEntry& entry : mapping.entries) {
    if (entry.key == "path") reject(entry.at, "'path' cannot be set: a package's path is where its files lie");
    settings[entry.key] = entry.value;
  }
}

void set_defaults(Settings& settings, const Settings& defaults) { settings.insert(defaults.begin(), defaults.end()); }

Package make_package(const Settings& settings) {
  const PackageReader reader(settings);
  Package package;
  package.name = reader.name();
  package.aliases = reader.names("alias");
  package.group = reader.text("group");
  package.notes = reader.text("notes");
  package.docs = reader.text("docs");
  package.dockerfile = reader.dockerfile();
  package.depends = reader.names("depends");
  package.requires_ = reader.texts("requires");
  package.build_args = reader.build_args();
  package.tests = reader.texts("test");
  package.config = reader.texts("config");
  package.prefix = reader.text("prefix");
  package.postfix = reader.text("postfix");
  return package;
}

bool is_package_name(std::string_view text) noexcept {
  const auto is_alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  const auto is_allowed = [&](char c) { return is_alphanumeric(c) || std::string_view("._+:-").find(c) != std::string_view::npos; };
  return !text.empty() && text.size() <= 128 && is_alphanumeric(text.front()) && text.back() != ':' &&
         std::all_of(text.begin(), text.end(), is_allowed);
}

std::string_view family_of(std::string_view name) noexcept { return name.substr(0, name.find(':')); }

}  // namespace jcb::packages
