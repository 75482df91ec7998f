// SPDX-License-Identifier: Apache-2.0
// Names without a host. Nobody is asked and nothing is recorded: what is ambiguous is tried in order, unless the mode is
// `enforcing`, which then is an error, as with podman where there is no terminal.
#pragma once

#include <vector>

#include "oci/reference.h"
#include "oci/registry/registries_conf.h"

namespace jcb::oci {

/// What `reference` may mean, in order; itself when it has a host. Tag and digest stay. Throws Error(refused) when the
/// configuration leaves nothing, or too much in the mode `enforcing`.
std::vector<Reference> expand_short_name(const RegistriesConf& conf, const Reference& reference);

}  // namespace jcb::oci
