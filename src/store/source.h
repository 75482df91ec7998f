// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "oci/layout.h"
#include "oci/reference.h"
#include "store/store.h"

namespace jcb::store {

/// An image opened where it is: its layout, and what keeps that layout alive.
struct OpenedImage {
  oci::Layout layout;
  oci::LoadedImage image;
  std::vector<std::string> names;      ///< names that the source gives it, may be empty
  std::optional<Workspace> workspace;  ///< holds the blobs of an archive while they are needed
};

/// Opens an image of the store, a layout or an archive for `platform`. An archive is read into a temporary layout first.
/// Throws Error(not_found) with the nearest names of the store, Error(unsupported) for transports that are no source.
OpenedImage open_image(const Store& store, const oci::ImageName& name, const oci::Platform& platform);

/// Brings an image into the store's layout (blobs only, no tag) and returns it.
oci::LoadedImage bring_into_store(const Store& store, const OpenedImage& opened,
                                  const std::function<void(std::uint64_t, std::uint64_t)>& on_bytes);

}  // namespace jcb::store
