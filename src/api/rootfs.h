// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "api/parts.h"
#include "build/image_writer.h"
#include "oci/layout.h"

namespace jcb::api {

/// All layers of an image, one on the other, as the directory `destination` (new or empty), with owners applied by root
/// and recorded otherwise. Nothing is left when it fails.
void unpack_rootfs(const oci::Layout& layout, const oci::LoadedImage& image, const std::filesystem::path& destination);
/// The same at destination/rootfs, with the image config beside it as config.json.
void unpack_bundle(const oci::Layout& layout, const oci::LoadedImage& image, const std::filesystem::path& destination);

/// Makes a layer of the store from a tar of a root file system. Needs enter_isolation.
store::Layer import_layer(Session::Parts& parts, int fd, const std::string& thing);

/// Writes the merged tree of an image as one tar. Needs enter_isolation.
void write_rootfs_tar(Session::Parts& parts, const std::string& name, int fd);

}  // namespace jcb::api
