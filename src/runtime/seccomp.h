// SPDX-License-Identifier: Apache-2.0
// The default seccomp profile (oci/data/seccomp.json, embedded at build time) and its resolution: the profile is in
// groups that count under conditions, the runtime-spec wants one flat list for one machine and one set of capabilities.
#pragma once

#include "util/json_fwd.h"

#include <string>
#include <string_view>
#include <vector>

namespace jcb::runtime {

/// The bytes of oci/data/seccomp.json.
std::string_view default_seccomp_profile();

/// What the conditions of a profile are held against.
struct SeccompSubject {
  std::vector<std::string> capabilities;  ///< "CAP_CHOWN", the bounding set of the process
  std::string machine;                    ///< uname -m
  unsigned kernel_major = 0;
  unsigned kernel_minor = 0;
};

/// A process with these capabilities on this machine.
SeccompSubject make_seccomp_subject(std::vector<std::string> capabilities);

/// The runtime-spec's linux.seccomp object for `subject`. Throws Error(invalid) for a malformed profile,
/// Error(unsupported) for a machine that it does not know: a filter for the wrong machine would be no filter.
util::Json resolve_seccomp(std::string_view profile, const SeccompSubject& subject);

}  // namespace jcb::runtime
