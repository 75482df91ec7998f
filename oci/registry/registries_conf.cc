// SPDX-License-Identifier: Apache-2.0
// The only file that sees toml++, compiled in here and without its exceptions. toml++ bounds arrays and inline tables, but
// a key of thousands of dotted parts becomes as many tables, which are taken down by recursion: such lines are refused
// before it sees them.
#include "oci/registry/registries_conf.h"

#undef TOML_HEADER_ONLY
#undef TOML_SHARED_LIB
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#define TOML_MAX_NESTED_VALUES 16
#include <toml++/toml.h>

#include <algorithm>

#include "jcbuild/error.h"
#include "oci/registry/name_prefix.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr std::size_t k_max_dots = 64;

[[noreturn]] void refuse(const std::string& file, std::size_t line, const std::string& cause, std::string hint = {}) {
  throw Error(ErrorKind::invalid, file + ": line " + std::to_string(line) + ": " + util::escape_text(cause), std::move(hint));
}

// Dots outside of quotes and comments.
std::size_t count_dots(std::string_view line) {
  std::size_t dots = 0;
  char quote = 0;
  for (const char c : line) {
    if (quote != 0)
      quote = c == quote ? 0 : quote;
    else if (c == '"' || c == '\'')
      quote = c;
    else if (c == '#')
      break;
    else
      dots += c == '.' ? 1 : 0;
  }
  return dots;
}

void check_depth(std::string_view text, const std::string& file) {
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = std::min(text.find('\n'), text.size());
    if (count_dots(text.substr(0, end)) > k_max_dots) refuse(file, number, "it has more than 64 dots");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

toml::table parse_toml(std::string_view text, const std::string& file) {
  check_depth(text, file);
  toml::parse_result result = toml::parse(text);
  if (!result) refuse(file, result.error().source().begin.line, std::string(result.error().description()));
  return std::move(result).table();
}

// One table with the name of its file, for messages.
struct Table {
  const toml::table& values;
  const std::string& file;

  [[noreturn]] void refuse(std::string_view key, const std::string& cause, std::string hint = {}) const {
    const toml::node* node = values.get(key);
    oci::refuse(file, (node != nullptr ? node->source() : values.source()).begin.line, cause, std::move(hint));
  }
  std::optional<std::string> find_text(std::string_view key) const {
    const toml::node* node = values.get(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_string()) refuse(key, "'" + std::string(key) + "' is not a string");
    return **node->as_string();
  }
  bool flag(std::string_view key) const {
    const toml::node* node = values.get(key);
    if (node == nullptr) return false;
    if (!node->is_boolean()) refuse(key, "'" + std::string(key) + "' is neither true nor false");
    return **node->as_boolean();
  }
  std::optional<std::vector<std::string>> find_texts(std::string_view key) const {
    const toml::node* node = values.get(key);
    if (node == nullptr) return std::nullopt;
    std::vector<std::string> texts;
    const toml::array* array = node->as_array();
    if (array == nullptr) refuse(key, "'" + std::string(key) + "' is not an array of strings");
    for (const toml::node& entry : *array) {
      if (!entry.is_string()) refuse(key, "'" + std::string(key) + "' is not an array of strings");
      texts.push_back(**entry.as_string());
    }
    return texts;
  }
  std::vector<Table> tables(std::string_view key) const {
    const toml::node* node = values.get(key);
    if (node == nullptr) return {};
    std::vector<Table> tables;
    const toml::array* array = node->as_array();
    if (array == nullptr) refuse(key, "'" + std::string(key) + "' is a single table", "write [[" + std::string(key) + "]]");
    for (const toml::node& entry : *array) {
      if (!entry.is_table()) refuse(key, "'" + std::string(key) + "' is not an array of tables");
      tables.push_back({*entry.as_table(), file});
    }
    return tables;
  }
};

// A value that `check` takes apart; its complaint becomes that of the file.
template <typename Check>
auto read_checked(const Table& table, std::string_view key, Check&& check) {
  try {
    return check();
  } catch (const Error& error) {
    table.refuse(key, "'" + std::string(key) + "': " + error.message());
  }
}

void set_mirror_use(const Table& table, MirrorTable& mirror, bool is_digest_only_registry) {
  const std::string use = table.find_text("pull-from-mirror").value_or("");
  if (!use.empty() && is_digest_only_registry)
    table.refuse("pull-from-mirror", "'pull-from-mirror' and 'mirror-by-digest-only' exclude each other", "keep the one that is meant");
  mirror.digests_only = use == "digest-only" || is_digest_only_registry;
  mirror.tags_only = use == "tag-only";
  if (use != "" && use != "all" && !mirror.digests_only && !mirror.tags_only)
    table.refuse("pull-from-mirror", "'" + use + "' is not a value of 'pull-from-mirror'", "it is all, digest-only or tag-only");
}

MirrorTable read_mirror(const Table& table, bool is_digest_only_registry) {
  MirrorTable mirror;
  mirror.location = read_checked(table, "location", [&] { return parse_location(table.find_text("location").value_or("")); });
  mirror.insecure = table.flag("insecure");
  set_mirror_use(table, mirror, is_digest_only_registry);
  return mirror;
}

RegistryTable read_registry(const Table& table) {
  RegistryTable registry;
  const std::string location = table.find_text("location").value_or("");
  const std::string prefix = table.find_text("prefix").value_or("");
  if (prefix.empty() && location.empty()) table.refuse("prefix", "a [[registry]] has neither 'prefix' nor 'location'");
  registry.prefix =
      read_checked(table, prefix.empty() ? "location" : "prefix", [&] { return parse_prefix(prefix.empty() ? location : prefix); });
  if (!location.empty() && !prefix.empty()) registry.location = read_checked(table, "location", [&] { return parse_location(location); });
  registry.insecure = table.flag("insecure");
  registry.blocked = table.flag("blocked");
  registry.file = table.file;
  const bool digest_only = table.flag("mirror-by-digest-only");
  for (const Table& mirror : table.tables("mirror")) registry.mirrors.push_back(read_mirror(mirror, digest_only));
  return registry;
}

std::optional<ShortNameMode> read_mode(const Table& table) {
  const auto mode = table.find_text("short-name-mode");
  if (!mode || mode->empty()) return std::nullopt;
  if (*mode == "permissive") return ShortNameMode::permissive;
  if (*mode == "enforcing") return ShortNameMode::enforcing;
  if (*mode == "disabled") return ShortNameMode::disabled;
  table.refuse("short-name-mode", "'" + *mode + "' is not a value of 'short-name-mode'", "it is permissive, enforcing or disabled");
}

std::optional<std::vector<std::string>> read_search(const Table& table) {
  auto search = table.find_texts("unqualified-search-registries");
  if (!search) return search;
  for (std::string& registry : *search) {
    registry = read_checked(table, "unqualified-search-registries", [&] { return parse_search_registry(registry); });
  }
  return search;
}

// Such a name becomes part of a program's: docker-credential-NAME.
bool is_helper_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

std::optional<std::vector<std::string>> read_helpers(const Table& table) {
  auto helpers = table.find_texts("credential-helpers");
  for (const std::string& helper : helpers.value_or(std::vector<std::string>{})) {
    if (!is_helper_name(helper)) table.refuse("credential-helpers", "'" + helper + "' cannot be the name of a credential helper");
  }
  return helpers;
}

std::map<std::string, std::string> read_aliases(const Table& table) {
  const toml::node* node = table.values.get("aliases");
  if (node == nullptr) return {};
  if (!node->is_table()) table.refuse("aliases", "'aliases' is not a table");
  const Table aliases{*node->as_table(), table.file};
  std::map<std::string, std::string> read;
  for (const auto& [key, value] : aliases.values) {
    const std::string name(key);
    read[name] = read_checked(aliases, name, [&] { return parse_alias(name, aliases.find_text(name).value_or("")); });
  }
  return read;
}

void refuse_version_1(const Table& table) {
  if (const toml::node* node = table.values.get("registries"); node != nullptr)
    table.refuse("registries", "[registries] is version 1 of the format, which is not read",
                 "write unqualified-search-registries and [[registry]] tables, see containers-registries.conf(5)");
}

}  // namespace

RegistriesConf parse_registries_conf(std::string_view text, const std::string& file) {
  const toml::table values = parse_toml(text, file);
  const Table table{values, file};
  refuse_version_1(table);
  RegistriesConf conf;
  conf.search = read_search(table);
  conf.mode = read_mode(table);
  conf.credential_helpers = read_helpers(table);
  for (const Table& registry : table.tables("registry")) conf.registries.push_back(read_registry(registry));
  conf.aliases = read_aliases(table);
  return conf;
}

}  // namespace jcb::oci
