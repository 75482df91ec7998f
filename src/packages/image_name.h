// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "platform/target.h"

#include <string>
#include <vector>

namespace jcb::packages {

/// What the target adds to an image's tag: "r36.4.3-cu126-aarch64", "bookworm-x86_64".
std::string make_target_tag(const platform::Target& target);

/// The image's name for a request where the user gives none; always a valid repository and tag:
/// "pytorch:bookworm-x86_64", "ros:noetic-bookworm-x86_64"; of several names "pytorch-ros-noetic:bookworm-x86_64".
std::string make_image_name(const std::vector<std::string>& request, const platform::Target& target);

}  // namespace jcb::packages
