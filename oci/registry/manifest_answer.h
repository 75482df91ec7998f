// SPDX-License-Identifier: Apache-2.0
// What a registry answers when it is asked for a manifest, taken at its word nowhere: the digest is that of the bytes, and
// header, body and what was asked for have to agree.
#pragma once

#include <optional>
#include <string>

#include "oci/registry/registry_client.h"

namespace jcb::oci {

/// The Accept header of all requests for manifests: the OCI types and docker's, nothing of schema 1.
std::string accepted_manifest_types();

/// The manifest in `response` to GET with `bytes` as its body. `asked`: the digest in the request, if it was one. Throws
/// Error(invalid) for a contradiction, Error(unsupported) for schema 1 and for what is neither manifest nor index.
RemoteManifest read_manifest(const HttpResponse& response, std::string bytes, const std::optional<Digest>& asked);

/// What the headers of a response to HEAD say, or nothing where they do not say all: GET has to tell then.
std::optional<Descriptor> read_manifest_headers(const HttpResponse& response, const std::optional<Digest>& asked);

}  // namespace jcb::oci
