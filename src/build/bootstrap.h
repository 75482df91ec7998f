// SPDX-License-Identifier: Apache-2.0
// A base root file system made from a distribution's packages, for bases that no registry is asked for.
#pragma once

#include "sandbox/sandbox.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace jcb::build {

/// Which root file system to make.
struct BootstrapRequest {
  std::string distribution;  ///< "debian" or "ubuntu"
  std::string suite;         ///< code name, such as "bookworm"
  std::string architecture;  ///< dpkg's name, such as "arm64"
  std::int64_t source_date_epoch = 0;
  std::vector<std::string> include;  ///< packages beyond the essential ones and apt
};

/// Makes it in an empty directory with the host's mmdebstrap, inside our isolation: the host's tree is shown read-only,
/// only the target can be written. The archives are those of JCBUILD_MIRROR_<DISTRIBUTION> when set, else those of the
/// host's own apt configuration where it runs the distribution (the suite is put in), else the public ones that mmdebstrap
/// knows. The same archive state gives the same tree, but for time stamps newer than `source_date_epoch`, which the caller
/// clamps.
/// `owners` as in sandbox::Job. Needs enter_isolation. Throws Error(unsupported) without mmdebstrap, Error(failed) with its
/// last lines, Interrupted.
void bootstrap_rootfs(const BootstrapRequest& request, const std::filesystem::path& target_directory, const sandbox::OutputSink& output,
                      util::OwnerRecords* owners = nullptr);

/// What the result depends on beside the request and the state of the archives, as text for a step key. Throws as above.
std::string bootstrap_inputs(const BootstrapRequest& request);

}  // namespace jcb::build
