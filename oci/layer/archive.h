// SPDX-License-Identifier: Apache-2.0
// Images in one tar file: `oci-archive` (a layout in a tar) and `docker-archive` (docker save: manifest.json, a config
// and one uncompressed or compressed tar a layer). Here and not beside layout.h, because it takes the layers' tar and
// compression.
#pragma once

#include "oci/layout.h"

#include <string>
#include <string_view>
#include <vector>

namespace jcb::oci {

/// An image found in an archive, with the names that the archive gives it: docker's RepoTags, or the annotation
/// org.opencontainers.image.ref.name. They are a stranger's words: to be parsed, and never to become tags unasked.
struct ArchivedImage {
  std::vector<std::string> names;
  Descriptor descriptor;
};

/// Reads an archive of either kind, compressed or not, from a file or a pipe into `layout`: blobs are hashed as they
/// stream in (no temporary copy of the tar), docker archives become OCI manifests whose config and layers keep their
/// bytes. Verifies every size and digest. Tags nothing. What no image in the archive refers to is not kept; after an
/// error no more is left in the layout than blobs without a reference. Throws Error(invalid, system).
std::vector<ArchivedImage> read_archive(int fd, const Layout& layout, std::string_view thing);

/// Writes one image as an oci-archive: a layout with only what the image needs, entries in fixed order, times 0.
/// Verifies the blobs on the way; a manifest that the layout does not have is written from its value. Throws
/// Error(invalid, not_found, system): then what was written is worthless.
void write_oci_archive(int fd, const Layout& layout, const LoadedImage& image, const std::string& tag);
/// Writes an image as docker save does (manifest.json, repositories), layers uncompressed, readable by docker load.
/// `names` are references; a missing tag is "latest". Verifies as write_oci_archive does.
void write_docker_archive(int fd, const Layout& layout, const LoadedImage& image, const std::vector<std::string>& names);

}  // namespace jcb::oci
