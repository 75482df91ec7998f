// SPDX-License-Identifier: Apache-2.0
// Writing images to where a name says.
#pragma once

#include <string>

#include "api/parts.h"

namespace jcb::api {

/// In which form images are written to layouts and archives. Elsewhere they stay as they are.
enum class Form {
  as_it_is,
  oci,  ///< docker's manifests become OCI's: other tools read no others there
};

/// Copies an image of a layout to any writable destination; blobs that the store did not keep are fetched again. Returns
/// what the manifest became. Throws Error.
oci::Descriptor write_destination(Session::Parts& parts, const oci::Layout& layout, const oci::LoadedImage& image,
                                  const std::string& destination, const std::string& source_name, Form form = Form::oci);

/// Writes an image, or an index with all of its images, to a store, a layout, a registry; an image to anything. For a
/// registry blobs may be missing here when their origins are noted. Throws Error(unsupported) for other destinations of an
/// index. Returns what the root became.
oci::Descriptor write_root(Session::Parts& parts, const oci::Layout& layout, const oci::Descriptor& root, const std::string& destination,
                           const std::string& source_name, TaskId parent, Form form = Form::oci);

}  // namespace jcb::api
