// SPDX-License-Identifier: Apache-2.0
// The prefixes and locations of registries.conf, and which image names they are for. A prefix covers whole components
// only: "a.b/x" is not for "a.b/xy", and "a.b" is not for "a.b:5000", which is another registry.
//
//   prefix    = host [ "/" path [ ":" tag ] [ "@" digest ] ] / "*." host
//   location  = host [ "/" path ]
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/reference.h"
#include "oci/registry/registries_conf.h"
#include "oci/registry/registry_names.h"

namespace jcb::oci {

/// The prefix with its host in the spelling of RegistryName. Throws Error(usage).
std::string parse_prefix(const std::string& text);
/// The same of a location. Throws Error(usage).
std::string parse_location(const std::string& text);
/// The same of a registry that short names are looked for in: one that names can begin with. Throws Error(usage).
std::string parse_search_registry(const std::string& text);
/// The target of an alias for the short name `name`; empty stays empty. Throws Error(usage) for a name with a host, a tag
/// or a digest, or a target without a host or with the others.
std::string parse_alias(const std::string& name, const std::string& target);

/// The table whose prefix is the longest one for `reference`, or null. A wildcard is shorter than all else.
const RegistryTable* find_table(const std::vector<RegistryTable>& tables, const Reference& reference);
/// The table for a bare host, or null.
const RegistryTable* find_host_table(const std::vector<RegistryTable>& tables, std::string_view host);

/// `name`, which `prefix` is for, with `location` instead of it. Throws Error(invalid) when no repository is left.
RegistryName replace_prefix(const RegistryName& name, const std::string& prefix, const std::string& location);

}  // namespace jcb::oci
