// SPDX-License-Identifier: Apache-2.0
// Edits of a config.json of the runtime-spec, as the reference makes them (pkg/cdi/container-edits.go, Apply).
#pragma once

#include "cdi/host_node.h"
#include "cdi/spec.h"
#include "util/json.h"

namespace jcb::cdi {

struct ApplyOptions {
  HostNodes host = find_host_node;
  bool hooks = true;  ///< false: hooks are left out
  /// Mounts are idmapped in a container with a user namespace, as the reference does.
  bool idmap = true;
};

/// Applies the edits, in the order that the specification gives. On an Error `config` is as before. Throws Error(not_found,
/// invalid) for device nodes that are not on the host, Error(invalid) for a config that is none.
void apply_edits(const ContainerEdits& edits, util::Json& config, const ApplyOptions& options = {});

}  // namespace jcb::cdi
