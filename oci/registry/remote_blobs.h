// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oci/descriptor.h"
#include "oci/registry/http.h"

namespace jcb::oci {

/// Whether a server could send a part of a blob.
enum class PartResult { received, not_supported };

/// Where blobs come from over a network: RegistryClient, and the fake of the tests. Thread-safe. Nothing is verified here:
/// the bytes are whatever the server sent.
class RemoteBlobs {
 public:
  virtual ~RemoteBlobs() = default;
  /// Writes `range` of the blob to `sink`, going on where a connection broke (`sink.restart()`: at the start of the part).
  /// not_supported: the server knows no parts; nothing was written. Throws Error naming registry and digest.
  virtual PartResult read_part(const Descriptor& blob, const HttpRange& range, HttpSink& sink) = 0;
  /// Writes the whole blob, going on where a connection broke, or after `sink.restart()` from the start.
  virtual void read_blob(const Descriptor& blob, HttpSink& sink) = 0;
  /// "docker.io/library/ubuntu": for messages, and to find it again.
  virtual std::string name() const = 0;
};

}  // namespace jcb::oci
