// SPDX-License-Identifier: Apache-2.0
// The files of registries.conf(5) and registries.conf.d(5) put together.
//
//   --registries-conf FILE           that file alone
//   $CONTAINERS_REGISTRIES_CONF      that file, then both directories of drop-ins
//   user's containers/registries.conf  it and the user's drop-ins; nothing of the system's
//   /etc/containers/registries.conf, else /usr/share/containers/registries.conf, then both directories of drop-ins
//
// Drop-ins are the files *.conf of registries.conf.d, sorted, the system's first. A later file's value replaces an earlier
// one's; its [[registry]] replaces that of the same prefix as a whole; aliases are merged one by one.
#pragma once

#include "oci/registry/hosts.h"
#include "oci/registry/registries_conf.h"

namespace jcb::oci {

/// Reads and merges them. Throws Error(invalid) for a malformed file, Error(not_found) for a missing one that was named.
RegistriesConf load_registries_conf(const HostOptions& options);

/// Lays `later` over `conf`.
void merge_registries_conf(RegistriesConf& conf, RegistriesConf later);

}  // namespace jcb::oci
