// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/name_prefix.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr std::string_view k_wildcard = "*.";

std::string quoted(std::string_view text) { return "'" + util::escape_text(text.substr(0, 300)) + "'"; }

[[noreturn]] void refuse(std::string_view text, const std::string& cause) { throw Error(ErrorKind::usage, quoted(text) + " " + cause); }

std::string parse_host(std::string_view host, std::string_view text) {
  if (!is_registry_host(host)) refuse(text, "does not begin with the name of a registry");
  return make_registry(host);
}

// A path in the grammar of names, below any host.
Reference parse_path(std::string_view path) { return Reference::parse("localhost/" + std::string(path)); }

bool is_wildcard(std::string_view prefix) { return prefix.starts_with(k_wildcard); }

// A whole name with tag and digest, as prefixes see it.
std::string make_text(const Reference& reference) {
  std::string text = make_registry_name(reference.host(), reference.repository()).text();
  if (!reference.tag().empty())
    text += ":" + reference.tag();
  else if (!reference.digest())
    text += ":latest";
  if (reference.digest()) text += "@" + reference.digest()->text();
  return text;
}

bool is_for(std::string_view prefix, std::string_view text) {
  const auto host = text.substr(0, text.find('/'));
  if (is_wildcard(prefix)) return host.ends_with(prefix.substr(1));
  if (prefix.find('/') == std::string_view::npos) return prefix == host;
  if (!text.starts_with(prefix)) return false;
  return text.size() == prefix.size() || std::string_view("/:@").find(text[prefix.size()]) != std::string_view::npos;
}

bool is_shorter(const RegistryTable& left, const RegistryTable& right) {
  if (is_wildcard(left.prefix) != is_wildcard(right.prefix)) return is_wildcard(left.prefix);
  return left.prefix.size() < right.prefix.size();
}

const RegistryTable* find_longest(const std::vector<RegistryTable>& tables, std::string_view text) {
  const RegistryTable* longest = nullptr;
  for (const RegistryTable& table : tables) {
    if (is_for(table.prefix, text) && (longest == nullptr || is_shorter(*longest, table))) longest = &table;
  }
  return longest;
}

}  // namespace

std::string parse_prefix(const std::string& text) {
  if (is_wildcard(text)) {
    parse_host(std::string_view(text).substr(k_wildcard.size()), text);
    return util::to_lower(text);
  }
  const auto slash = text.find('/');
  const std::string registry = parse_host(std::string_view(text).substr(0, slash), text);
  if (slash == std::string::npos) return registry;
  const Reference path = parse_path(std::string_view(text).substr(slash + 1));
  return registry + path.text().substr(path.host().size());
}

std::string parse_location(const std::string& text) {
  if (text.empty()) throw Error(ErrorKind::usage, "it is missing");
  if (is_wildcard(text)) refuse(text, "is a wildcard, which only a prefix can be");
  const auto slash = text.find('/');
  const std::string registry = parse_host(std::string_view(text).substr(0, slash), text);
  if (slash == std::string::npos) return registry;
  const Reference path = parse_path(std::string_view(text).substr(slash + 1));
  if (!path.tag().empty() || path.digest()) refuse(text, "holds a tag or a digest");
  return registry + "/" + path.repository();
}

std::string parse_search_registry(const std::string& text) {
  const std::string registry = parse_location(text);
  if (Reference::parse(registry + "/x").host().empty()) refuse(text, "has neither a dot nor a port, so no image name can begin with it");
  return registry;
}

std::string parse_alias(const std::string& name, const std::string& target) {
  const Reference from = Reference::parse(name);
  if (!from.host().empty()) refuse(name, "begins with a registry, so it is no short name");
  if (!from.tag().empty() || from.digest()) refuse(name, "holds a tag or a digest");
  if (target.empty()) return {};
  const Reference to = Reference::parse(target);
  if (to.host().empty()) refuse(target, "does not begin with a registry");
  if (!to.tag().empty() || to.digest()) refuse(target, "holds a tag or a digest");
  return target;
}

const RegistryTable* find_table(const std::vector<RegistryTable>& tables, const Reference& reference) {
  return find_longest(tables, make_text(reference));
}

const RegistryTable* find_host_table(const std::vector<RegistryTable>& tables, std::string_view host) {
  return find_longest(tables, make_registry(host));
}

RegistryName replace_prefix(const RegistryName& name, const std::string& prefix, const std::string& location) {
  const std::size_t covered = is_wildcard(prefix) ? name.registry.size() : prefix.size();
  const std::string text = name.text();
  // A prefix with a tag is longer than the name.
  const std::string replaced = location + text.substr(std::min(covered, text.size()));
  const auto slash = replaced.find('/');
  if (slash == std::string::npos) throw Error(ErrorKind::invalid, quoted(location) + " leaves no repository of " + quoted(text));
  return make_registry_name(replaced.substr(0, slash), replaced.substr(slash + 1));
}

}  // namespace jcb::oci
