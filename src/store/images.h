// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "oci/layer/layer.h"
#include "oci/layout.h"
#include "store/store.h"

namespace jcb::store {

/// The annotation of a tag that names what a registry's reference stood for when that was an index.
inline constexpr const char* k_source_digest = "io.jcbuild.source.digest";

/// A tagged image of the store.
struct TaggedImage {
  std::string name;  ///< "my/image:latest"
  oci::Descriptor descriptor;
};

/// The store's tags in order of index.json.
std::vector<TaggedImage> list_images(const Store& store);

/// Finds an image of the store by what the user typed: a name with or without tag ("latest" is filled in), a digest (its
/// own, or that of the index that it was pulled by), or a unique hexadecimal prefix of one (4 digits at least). Names of
/// Docker Hub are one whether written in full or not: ubuntu:22.04 and docker.io/library/ubuntu:22.04. Nothing when there
/// is none; an ambiguous prefix is Error(invalid).
std::optional<TaggedImage> find_image(const Store& store, const std::string& text);

/// Unpacks the layers of `image` that are not in the store yet, several at once, each verified while it is read, and
/// returns all of them bottom first. The blobs must be in the store's layout. Needs enter_isolation.
/// `on_bytes` (may be empty) gets the blob bytes done and their total, from any thread.
std::vector<Layer> unpack_layers(const Store& store, const oci::LoadedImage& image, oci::OverlayXattr xattr,
                                 const std::function<void(std::uint64_t, std::uint64_t)>& on_bytes);

/// Copies an image's blobs between layouts: those the target lacks, verified while they are copied (reflinked where the
/// file system can). The manifest comes last; one that `from` does not have (a converted one) is written from its value.
/// Everything is flushed when it returns.
void copy_image(const oci::Layout& from, const oci::LoadedImage& image, const oci::Layout& to,
                const std::function<void(std::uint64_t, std::uint64_t)>& on_bytes);

}  // namespace jcb::store
