// SPDX-License-Identifier: Apache-2.0
// Layers that are being pulled: what a killed process leaves for the next.
//
//   partial/<name>/tree    the tree as far as it is unpacked; <name> is the diff ID, with the tree's flavour in front
//   partial/<name>/state   where to go on (oci/layer/layer_stream.h), made by rename, not flushed; none: begin anew
//
//   state = "jcbuild-partial-1 " BOOT-ID "\n" CHECK BINDING OFFSET STATE
//     CHECK    64 hexadecimal digits, the SHA-256 of what follows
//     BINDING  the same of all that the state depends on: boot, program, layer, flavour, mapping of ids
//     OFFSET   20 digits
//
// Nothing is flushed before the tree is complete. Within one boot that is no matter, since the kernel has it all; after a
// power cut nobody knows, so then the tree is void. Whoever unpacks holds the lease `layer-<diff id>`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "oci/layer/layer_stream.h"
#include "store/store.h"

namespace jcb::store {

/// The name of the lease for producing a layer's tree.
std::string layer_lease(const oci::Digest& diff_id);

/// One layer's directory below partial/. The caller holds the lease.
class PartialLayer {
 public:
  /// Takes what can be gone on with, or begins anew. Whatever is odd about it means: anew.
  PartialLayer(const Store& store, const Layer& layer, oci::OverlayXattr overlay_xattr);
  /// Leaves it to the next one if that can go on, and removes it otherwise.
  ~PartialLayer();
  PartialLayer(const PartialLayer&) = delete;
  PartialLayer& operator=(const PartialLayer&) = delete;

  /// The directory to unpack into.
  std::filesystem::path tree() const { return m_path / "tree"; }
  /// Where to go on.
  const std::optional<oci::UnpackCheckpoint>& checkpoint() const noexcept { return m_checkpoint; }
  void save(const oci::UnpackCheckpoint& checkpoint);
  /// From now on until the next save nobody can go on.
  void drop();
  /// Makes the complete tree the store's.
  void publish(util::OwnerTable owners);
  /// Empties the tree and drops the checkpoint.
  void begin_anew();

 private:
  std::string binding() const;
  std::optional<oci::UnpackCheckpoint> read() const;
  void remove() const;

  const Store& m_store;
  const Layer& m_layer;
  oci::OverlayXattr m_overlay_xattr;
  std::string m_name, m_binding;
  std::filesystem::path m_path;
  std::optional<oci::UnpackCheckpoint> m_checkpoint;
  bool m_resumable = false;
};

/// How much of the blob need not be fetched again; a guess, for figures.
std::uint64_t partial_offset(const Store& store, const Layer& layer);
/// Removes what nobody works on and nobody can or will go on with: of another boot, or a week old. Needs the rights of
/// enter_isolation.
void reclaim_partial_layers(const Store& store);
/// Removes all of them and returns the bytes freed; to be called while `own` is held.
std::uint64_t remove_partial_layers(const Store& store);

}  // namespace jcb::store
