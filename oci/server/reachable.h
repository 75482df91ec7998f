// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "oci/layout.h"
#include "oci/server/repositories.h"

namespace jcb::oci {

/// Everything that can be reached from the tags, through indexes nested 3 deep and up to 10,000 manifests; and of the
/// `untagged` manifests (each with its subject) those that refer to something in it. What is damaged leads nowhere.
Repository collect_repository(const Layout& layout, const std::map<std::string, Descriptor>& tags,
                              const std::vector<std::pair<Digest, Descriptor>>& untagged);

/// What a manifest refers to (its "subject"), or nothing.
std::optional<Digest> find_subject(const Layout& layout, const Descriptor& manifest);

}  // namespace jcb::oci
