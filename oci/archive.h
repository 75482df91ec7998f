// SPDX-License-Identifier: Apache-2.0
// Images in one tar file: `oci-archive` (a layout in a tar) and `docker-archive` (docker save: manifest.json, a config
// and one uncompressed or compressed tar a layer).
#pragma once

#include "oci/layout.h"

#include <filesystem>
#include <string>
#include <vector>

namespace jcb::oci {

/// Reads an archive of either kind into `layout`: blobs are hashed as they stream in (no temporary copy of the tar),
/// docker archives become OCI manifests whose layers keep their bytes. Returns the images found, with the names that
/// the archive gives them (docker RepoTags, or the ref.name annotation; may be empty). Verifies every size and digest.
struct ArchivedImage {
  std::vector<std::string> names;
  Descriptor descriptor;
};
std::vector<ArchivedImage> read_archive(int fd, const Layout& layout, std::string_view thing);

/// Writes one image as an oci-archive: a layout with only what the image needs, entries in fixed order, times 0.
void write_oci_archive(int fd, const Layout& layout, const LoadedImage& image, const std::string& tag);
/// Writes images as docker save does (manifest.json, repositories-less), layers uncompressed, readable by docker load.
void write_docker_archive(int fd, const Layout& layout, const LoadedImage& image, const std::vector<std::string>& names);

}  // namespace jcb::oci
