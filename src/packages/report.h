// SPDX-License-Identifier: Apache-2.0
// The JSON forms of the command line: every field always present, null for nothing.
#pragma once

#include "packages/catalog.h"
#include "packages/resolver.h"
#include "util/json_fwd.h"

namespace jcb::packages {

/// One package of `packages list`.
util::Json to_json(const Package& package);

/// `packages list --format json`: target, the packages and disabled ones chosen from the catalogue, load_errors.
util::Json make_list_report(const Catalog& catalog, const std::vector<Package>& packages, const std::vector<Disabled>& disabled);

/// `resolve --format json`: chain, image, base.
util::Json make_resolve_report(const Resolution& resolution, const platform::Target& target);

}  // namespace jcb::packages
