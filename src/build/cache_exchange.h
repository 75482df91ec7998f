// SPDX-License-Identifier: Apache-2.0
// A build cache that travels: the results of all steps of all stages as one artifact of an OCI layout or a registry, so
// that every tool that copies images can carry it. The manifest's config lists the keys; its layers are the trees, packed.
//   config: {"version":1,"steps":{"<key>":"<output>"|""}}     media type application/vnd.jcbuild.cache.config.v1+json
//   layers: one blob for each output; the diff ID of a tree's tar is its output digest
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "build/cache_place.h"
#include "build/solver.h"
#include "oci/layer/layer.h"
#include "oci/layout.h"
#include "store/store.h"

namespace jcb::build {

/// Writes the results of steps (of all stages and platforms of a build) to a place, replacing what was there. What the
/// place has already is neither packed nor sent again. Throws Error.
void export_cache(const store::Store& store, const std::vector<StepResult>& results, const oci::PackOptions& pack, CachePlace& to);

/// A cache of somebody else's that misses are looked up in. Thread-safe.
class CacheImport {
 public:
  /// Reads the artifact of a place. Borrows the store. Throws Error(not_found, invalid).
  CacheImport(const store::Store& store, std::unique_ptr<CachePlace> from, oci::OverlayXattr overlay_xattr);

  /// Brings the result of a step into the store, its tree verified against its digest while it is unpacked, and returns its
  /// record; nothing when it is not there. Needs enter_isolation. Throws Error(invalid) for a damaged blob.
  std::optional<store::StepRecord> fetch(const std::string& key) const;

 private:
  void unpack(const std::string& output) const;
  const store::Store& m_store;
  std::unique_ptr<CachePlace> m_from;
  oci::OverlayXattr m_overlay_xattr;
  std::map<std::string, std::string> m_outputs;    // by key
  std::map<std::string, oci::Descriptor> m_blobs;  // by output
};

}  // namespace jcb::build
