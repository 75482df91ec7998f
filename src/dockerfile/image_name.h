// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jcb::dockerfile {

/// Whether the text can be the name of a base image as docker writes it: [HOST[:PORT]/]PATH[:TAG][@DIGEST]. A pure test
/// of form: the linter has no registry at hand, and this folder knows nothing of images.
bool is_image_name(std::string_view text);

/// The operating system and architecture that a FROM --platform=... without variables asks for, with their usual names
/// ("x86_64" is "amd64"; what is left out is "linux" or ""). Nothing when the text is no platform.
struct PlatformWords {
  std::string os;
  std::string architecture;
};
std::optional<PlatformWords> find_platform(std::string_view text);

}  // namespace jcb::dockerfile
