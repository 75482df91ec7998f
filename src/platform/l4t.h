// SPDX-License-Identifier: Apache-2.0
// What a release of NVIDIA's Linux for Tegra (L4T) implies.
#pragma once

#include "platform/distribution.h"
#include "platform/version.h"

#include <string>
#include <vector>

namespace jcb::platform {

/// The JetPack that ships an L4T release; empty for a major release that we do not know.
Version jetpack_of_l4t(const Version& l4t);

/// The CUDA that JetPack installs on an L4T release; empty where not known.
Version cuda_of_l4t(const Version& l4t);

/// The distribution of an L4T root file system; id empty where not known.
Distribution distribution_of_l4t(const Version& l4t);

/// Compute capabilities (times 10) of the boards that run an L4T release.
std::vector<int> cuda_architectures_of_l4t(const Version& l4t);

/// Upstream's base image for an L4T release and the distribution wanted in the container.
std::string base_of_l4t(const Version& l4t, const Distribution& distribution);

}  // namespace jcb::platform
