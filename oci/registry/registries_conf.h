// SPDX-License-Identifier: Apache-2.0
// One file of containers-registries.conf(5), version 2, as values. Keys that are not known are passed over, as podman
// does: its newer versions add some. Version 1 is refused.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::oci {

/// A [[registry.mirror]] table.
struct MirrorTable {
  std::string location;  ///< HOST[:PORT][/PATH]
  bool insecure = false;
  bool digests_only = false, tags_only = false;
};

/// A [[registry]] table.
struct RegistryTable {
  std::string prefix;    ///< what it is for, in the spelling of RegistryName (name_prefix.h)
  std::string location;  ///< what stands instead of the prefix; empty: names stay as they are
  bool insecure = false, blocked = false;
  std::vector<MirrorTable> mirrors;
  std::string file;  ///< where it stands, for messages
};

/// How names without a host are resolved: `enforcing` refuses what several registries might mean.
enum class ShortNameMode { permissive, enforcing, disabled };

/// What a file says; absent where it says nothing.
struct RegistriesConf {
  std::optional<std::vector<std::string>> search;  ///< unqualified-search-registries
  std::optional<ShortNameMode> mode;
  std::optional<std::vector<std::string>> credential_helpers;
  std::vector<RegistryTable> registries;
  std::map<std::string, std::string> aliases;  ///< short name -> name with host; an empty one erases what came before
};

/// Reads the text of a file called `file`. Throws Error(invalid) "FILE: line N: cause".
RegistriesConf parse_registries_conf(std::string_view text, const std::string& file);

}  // namespace jcb::oci
