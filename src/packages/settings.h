// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "packages/node.h"
#include "packages/package.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::packages {

/// The keys of a package and their values while header, configs and a variant are laid over each other.
using Settings = std::map<std::string, Node, std::less<>>;

/// Upstream's package keys, and `variants`.
const std::vector<std::string>& package_keys();
/// Whether a value is what upstream takes for a package's mapping: one with only package keys (also none).
bool is_package_mapping(const Node& node);
/// Whether a value has at least one package key, so that an unknown one beside it is a mistake.
bool resembles_package_mapping(const Node& node);

/// Lays a mapping over the settings: its keys replace theirs. Throws Error(invalid) for a key that is no package key.
void update(Settings& settings, const Node& mapping);
/// Gives the settings the keys that only `defaults` has.
void set_defaults(Settings& settings, const Settings& defaults);

/// Reads the settings into a package (everything but its directory). Throws Error(invalid) with the position.
Package make_package(const Settings& settings);

/// Whether a text may be a package's name: letters, digits and `. _ + : -`, a letter or digit first, at most 128.
bool is_package_name(std::string_view text) noexcept;
/// The part of a name before ':'.
std::string_view family_of(std::string_view name) noexcept;

}  // namespace jcb::packages
