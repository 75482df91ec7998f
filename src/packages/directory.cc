// SPDX-License-Identifier: Apache-2.0
// One directory, as jetson-containers' config_package() reads it. The order in which things replace each other:
//   what the directory has (dockerfile, test, config; requires ">=32.6")  <-  header of the Dockerfile
//   <-  each config file, in order; of three shapes:
//       (a) a package mapping: replaces keys; the header of a `dockerfile` it names is laid over it
//       (b) {NAME: package mapping}: the same, and the package is called NAME
//       (c) {NAME: mapping, NAME: mapping, ...}: packages of their own, which take from the directory what they lack;
//           the header of their Dockerfile is laid over each; the directory's own package is dropped
// Upstream ignores every JSON or YAML file that has none of the shapes, and a header with an unknown key. Here a header
// and a config.{json,yaml,yml} (or a file named under `config`) with an unknown key is an error, because it is a typing
// mistake far more often than another program's file.
#include "jcbuild/error.h"
#include "packages/header.h"
#include "packages/offer.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::packages {
namespace {

constexpr std::uint64_t k_dockerfile_limit_bytes = std::uint64_t{4} << 20;
constexpr std::string_view k_default_requires = ">=32.6";

bool ends_with_any(std::string_view name, const std::vector<std::string_view>& endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return name.ends_with(ending); });
}

bool is_data_file(std::string_view name) { return ends_with_any(name, {".json", ".yaml", ".yml"}); }

bool is_config_name(std::string_view name) { return name == "config.json" || name == "config.yaml" || name == "config.yml"; }

Node make_scalar(const std::string& text, const SourcePosition& at) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = text;
  node.at = at;
  return node;
}

Node make_list(const std::vector<std::string>& texts, const SourcePosition& at) {
  Node node;
  node.kind = Node::Kind::list;
  node.at = at;
  for (const auto& text : texts) node.items.push_back(make_scalar(text, at));
  return node;
}

class DirectoryReader {
 public:
  DirectoryReader(PackageTree& tree, const std::string& path, const platform::Target& target)
      : m_tree(tree),
        m_path(path),
        m_display(tree.display_path(path)),
        m_target(target),
        m_at{std::make_shared<const std::string>(m_display), 0, 0} {}

  std::vector<Offer> read(const std::vector<util::DirEntry>& entries) {
    look_at(entries);
    if (m_settings.find("dockerfile") == m_settings.end() && m_found_configs.empty()) return {};
    set_found("name", make_scalar(m_display.substr(m_display.rfind('/') + 1), m_at));
    set_found("requires", make_list({std::string(k_default_requires)}, m_at));
    lay_header(m_settings);
    apply_configs();
    return make_offers();
  }

 private:
  void set_found(std::string key, Node value) { m_settings[std::move(key)] = std::move(value); }

  // Symbolic links count as what they lead to inside the tree; a link to elsewhere is no file.
  void look_at(const std::vector<util::DirEntry>& entries) {
    std::vector<std::string> tests;
    for (const auto& [name, type] : entries) {
      if (S_ISDIR(type)) continue;
      if (util::to_lower(name) == "dockerfile") set_found("dockerfile", make_scalar(name, m_at));
      if (name == "test.py" || name == "test.sh") tests.push_back(name);
      if (name == "config.py" || (is_data_file(name) && m_tree.has_file(below(name)))) m_found_configs.push_back(name);
    }
    set_found("test", make_list(tests, m_at));
    drop_foreign_files();
  }

  std::string below(const std::string& name) const { return m_path.empty() ? name : m_path + "/" + name; }

  // Of the files found, only those that are a package's stay.
  void drop_foreign_files() {
    const auto is_foreign = [&](const std::string& name) { return name != "config.py" && !read_found_config(name); };
    m_found_configs.erase(std::remove_if(m_found_configs.begin(), m_found_configs.end(), is_foreign), m_found_configs.end());
  }

  bool read_found_config(const std::string& name) {
    try {
      Node node = read_config(name);
      if (!has_shape(node)) {
        if (is_config_name(name)) explain_shape(node);
        return false;
      }
      m_configs[name] = std::move(node);
      return true;
    } catch (const Error&) {
      if (is_config_name(name)) throw;
      return false;
    }
  }

  Node read_config(const std::string& name) {
    const auto text = m_tree.find_text(below(name), k_config_limit_bytes);
    if (!text) reject(m_at, "config file '" + util::escape_text(name) + "' does not exist");
    const std::string file = m_display + "/" + name;
    if (name.ends_with(".json")) return util::parse_json_node(file, *text);
    return parse_yaml({.file = file, .text = normalize_text(*text), .lines = {}, .cut_columns = 0});
  }

  static bool has_shape(const Node& node) {
    if (!node.is_mapping() || node.entries.empty()) return false;
    if (is_package_mapping(node)) return true;
    return std::all_of(node.entries.begin(), node.entries.end(), [](const NodeEntry& entry) { return is_package_mapping(entry.value); });
  }

  // Throws for the unknown key in what is a package's mapping but for it; returns where it is something else.
  static void explain_shape(const Node& node) {
    if (resembles_package_mapping(node)) require_known_keys(node, package_keys(), "a package");
    for (const NodeEntry& entry : node.entries) {
      if (resembles_package_mapping(entry.value)) require_known_keys(entry.value, package_keys(), "a package");
    }
  }

  void lay_header(Settings& settings) {
    const auto dockerfile = settings.find("dockerfile");
    if (dockerfile == settings.end() || dockerfile->second.is_null()) return;
    const std::string name = to_text(dockerfile->second, "dockerfile");
    const auto text = m_tree.find_text(below(name), k_dockerfile_limit_bytes);
    if (!text) reject(dockerfile->second.at, "dockerfile '" + util::escape_text(name) + "' does not exist in " + m_display);
    const auto header = find_header(m_display + "/" + name, normalize_text(*text));
    if (!header) return;
    const Node node = parse_yaml(*header);
    if (node.is_null()) return;
    if (!node.is_mapping()) reject(node.at, "the header is not a mapping");
    update(settings, node);
  }

  void apply_configs() {
    const auto named = m_settings.find("config");
    const bool is_explicit = named != m_settings.end();
    const auto names = is_explicit ? to_texts(named->second, "config") : m_found_configs;
    if (!is_explicit) set_found("config", make_list(names, m_at));
    for (const auto& name : names) {
      // A deliberate refusal, not a guess at what the program would have done to the package.
      if (name.ends_with(".py")) reject(m_at, "config.py is not evaluated yet");
      apply_config(find_config(name, is_explicit));
    }
  }

  Node find_config(const std::string& name, bool is_explicit) {
    const auto found = m_configs.find(name);
    if (found != m_configs.end()) return found->second;
    Node node = read_config(name);
    if (has_shape(node)) return node;
    explain_shape(node);
    reject(is_explicit ? node.at : m_at, "'" + util::escape_text(name) + "' is not a package's configuration");
  }

  void apply_config(const Node& config) {
    if (is_package_mapping(config)) {
      lay_config(config);
    } else if (config.entries.size() == 1) {
      set_found("name", make_scalar(config.entries[0].key, config.entries[0].at));
      lay_config(config.entries[0].value);
    } else {
      for (const NodeEntry& entry : config.entries) add_subpackage(entry);
    }
  }

  void lay_config(const Node& mapping) {
    update(m_settings, mapping);
    if (mapping.find("dockerfile") != nullptr) lay_header(m_settings);
  }

  void add_subpackage(const NodeEntry& entry) {
    Settings settings, defaults = m_settings;
    defaults.erase("variants");
    update(settings, entry.value);
    set_defaults(settings, defaults);
    lay_header(settings);
    settings["name"] = make_scalar(entry.key, entry.at);
    m_subpackages.push_back(std::move(settings));
  }

  std::vector<Offer> make_offers() {
    if (m_subpackages.empty()) m_subpackages.push_back(m_settings);
    std::vector<Offer> offers;
    for (const auto& settings : m_subpackages) {
      for (auto& offer : expand_variants(settings, m_target)) offers.push_back(std::move(offer));
    }
    for (auto& offer : offers) place(offer.package);
    return offers;
  }

  void place(Package& package) {
    package.directory = m_path.empty() ? m_tree.directory() : m_tree.directory() / m_path;
    package.relative_path = m_display;
    if (package.dockerfile && !m_tree.has_file(below(*package.dockerfile)))
      reject(m_at, "dockerfile '" + *package.dockerfile + "' of " + package.name + " does not exist");
  }

  PackageTree& m_tree;
  const std::string& m_path;
  std::string m_display;
  const platform::Target& m_target;
  SourcePosition m_at;
  Settings m_settings;
  std::vector<std::string> m_found_configs;
  std::map<std::string, Node> m_configs;
  std::vector<Settings> m_subpackages;
};

}  // namespace

std::vector<Offer> read_offers(PackageTree& tree, const std::string& path, const std::vector<util::DirEntry>& entries,
                               const platform::Target& target) {
  return DirectoryReader(tree, path, target).read(entries);
}

}  // namespace jcb::packages
