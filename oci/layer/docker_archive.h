// SPDX-License-Identifier: Apache-2.0
// Reading what docker save writes (moby image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format");
// internal to oci/layer/.
#pragma once

#include "oci/layer/archive.h"
#include "oci/layer/archive_files.h"

#include <string>
#include <string_view>
#include <vector>

namespace jcb::oci {

/// An entry of manifest.json: names of files in the archive, and the image's references.
struct DockerImage {
  std::string config;
  std::vector<std::string> names;
  std::vector<std::string> layers;
};

/// Parses manifest.json. Throws Error(invalid).
std::vector<DockerImage> parse_docker_manifest(std::string_view text, std::string_view thing);

/// The config's digest where its file name is one ("<hex>.json", "blobs/sha256/<hex>"), as in all but hand-made archives.
std::optional<Digest> find_named_digest(std::string_view path);

/// Makes OCI images of them: publishes configs, layers and a manifest each. Throws Error(invalid, system).
std::vector<ArchivedImage> import_docker_images(ArchiveFiles& files, const std::vector<DockerImage>& images);

}  // namespace jcb::oci
