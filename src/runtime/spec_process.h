// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oci/image_config.h"
#include "runtime/container.h"
#include "util/json_fwd.h"
#include "util/root.h"

#include <string>
#include <vector>

namespace jcb::runtime {

/// docker's default capabilities, as the runtime-spec spells them.
const std::vector<std::string>& default_capabilities();

/// argv by docker's rules: an entrypoint of the user drops the image's CMD, arguments replace it.
/// Throws Error(invalid) when nothing is left to run.
std::vector<std::string> make_arguments(const oci::ExecutionConfig& image, const ContainerOptions& options);

/// The environment: defaults, then the image's, then the user's; a later value replaces an earlier one in place.
std::vector<std::string> make_environment(const oci::ExecutionConfig& image, const ContainerOptions& options, const std::string& hostname,
                                          const std::string& home);

/// The runtime-spec's process object. Makes the working directory inside `root`.
util::Json make_process(const oci::ExecutionConfig& image, const ContainerOptions& options, const util::Root& root,
                        const std::string& hostname);

}  // namespace jcb::runtime
