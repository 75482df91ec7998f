// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "oci/layout.h"
#include "oci/manifest.h"
#include "oci/registry/registry_client.h"
#include "store/pull.h"
#include "store/push.h"
#include "store/store.h"
#include "util/fd.h"

namespace jcb::build {

/// Where a build cache lies: a tag of a layout, or of a registry. Reading is thread-safe.
class CachePlace {
 public:
  virtual ~CachePlace() = default;
  /// For messages.
  virtual const std::string& name() const = 0;
  /// The artifact's manifest, or nothing when the tag is not there. Throws Error.
  virtual std::optional<oci::Manifest> find() = 0;
  /// A verified blob of at most 8 MiB.
  virtual std::string read_small_blob(const oci::Descriptor& blob) = 0;
  /// A blob to be read and verified by the caller.
  virtual util::Fd open_blob(const oci::Descriptor& blob) = 0;
  virtual bool has_blob(const oci::Digest& digest) = 0;
  /// Where blobs that are not there yet are made.
  virtual const oci::Layout& staging() = 0;
  /// Makes the artifact what the tag stands for: its blobs are there, or in `staging`.
  virtual void publish(const oci::Manifest& manifest, const std::string& config) = 0;
};

/// A cache in a layout. Publishing removes blobs that nothing in the layout refers to any more.
std::unique_ptr<CachePlace> make_layout_cache(oci::Layout layout, const std::string& tag);

/// How a cache in a registry is moved.
struct RemoteCacheOptions {
  store::PullOptions pull;
  store::PushOptions push;
};
/// A cache in a registry. Borrows the store.
std::unique_ptr<CachePlace> make_registry_cache(const store::Store& store, std::shared_ptr<oci::RegistryClient> client,
                                                const std::string& tag, RemoteCacheOptions options);

}  // namespace jcb::build
