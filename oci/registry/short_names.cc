// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/short_names.h"

#include "jcbuild/error.h"
#include "oci/registry/registry_names.h"

namespace jcb::oci {
namespace {

// `name`, which has a host, with the tag and digest of `reference`.
Reference rename(const std::string& name, const Reference& reference) {
  const Reference target = Reference::parse(name);
  const RegistryName canonical = make_registry_name(target.host(), target.repository());
  return Reference::parse(canonical.text() + reference.text().substr(reference.name().size()));
}

void check_search(const std::vector<std::string>& search, ShortNameMode mode, const Reference& reference) {
  const std::string thing = "the short name '" + reference.name() + "'";
  const std::string hint = "write the name with its registry, or give it an alias in registries.conf";
  if (search.empty()) throw Error(ErrorKind::refused, thing + " means nothing: unqualified-search-registries is empty", hint);
  if (mode == ShortNameMode::enforcing && search.size() > 1)
    throw Error(ErrorKind::refused, thing + " may be of " + std::to_string(search.size()) + " registries, and short-name-mode is enforcing",
                hint);
}

}  // namespace

std::vector<Reference> expand_short_name(const RegistriesConf& conf, const Reference& reference) {
  if (!reference.host().empty()) return {reference};
  if (const auto alias = conf.aliases.find(reference.repository()); alias != conf.aliases.end()) return {rename(alias->second, reference)};
  const auto search = conf.search.value_or(std::vector<std::string>{"docker.io"});
  check_search(search, conf.mode.value_or(ShortNameMode::permissive), reference);
  std::vector<Reference> meanings;
  for (const std::string& registry : search) meanings.push_back(rename(registry + "/" + reference.repository(), reference));
  return meanings;
}

}  // namespace jcb::oci
