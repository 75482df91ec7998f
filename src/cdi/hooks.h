// SPDX-License-Identifier: Apache-2.0
// Hooks are programs that a runtime starts as the caller, outside of the container, with an environment and files that
// the image may have shaped: the cause of CVE-2024-0134, CVE-2025-23266 and CVE-2025-23267. None is ever started here.
// What those of NVIDIA's toolkit do is understood and done by us; all others are told to the caller.
//   nvidia-cdi-hook COMMAND …        nvidia-ctk hook COMMAND …
//     create-symlinks --link TARGET::PATH…     a link for each
//     update-ldcache --folder DIRECTORY…       directories in which libraries are to be found
//     chmod, disable-device-node-modification, enable-cuda-compat, update-application-profile
//                                              nothing: of no use, or of none where nobody can make device nodes
#pragma once

#include <string>
#include <vector>

#include "cdi/spec.h"

namespace jcb::cdi {

/// A symbolic link of the container: `path` holds the text `target`.
struct Link {
  std::string target;
  std::string path;
  bool operator==(const Link&) const = default;
};

/// What hooks come to.
struct HookEffects {
  std::vector<Link> links;
  std::vector<std::string> library_directories;
  std::vector<std::string> ignored;  ///< commands that nothing has to be done for, such as "chmod"
  std::vector<Hook> foreign;         ///< hooks that nobody here understands
};

/// Translates hooks; links and directories come once each, in order. Throws Error(invalid) for a hook of NVIDIA's whose
/// arguments make no sense.
HookEffects translate_hooks(const std::vector<Hook>& hooks);

}  // namespace jcb::cdi
