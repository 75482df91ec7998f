// SPDX-License-Identifier: Apache-2.0
// Writing images to where a name says.
#pragma once

#include <string>

#include "api/parts.h"

namespace jcb::api {

/// Copies an image of a layout that has all its blobs to any writable destination. Throws Error.
void write_destination(Session::Parts& parts, const oci::Layout& layout, const oci::LoadedImage& image, const std::string& destination,
                       const std::string& source_name);

/// Writes an image, or an index with all of its images, to a store, a layout, a registry; an image to anything. For a
/// registry blobs may be missing here when their origins are noted. Throws Error(unsupported) for other destinations of an
/// index.
void write_root(Session::Parts& parts, const oci::Layout& layout, const oci::Descriptor& root, const std::string& destination,
                const std::string& source_name, TaskId parent);

}  // namespace jcb::api
