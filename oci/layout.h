// SPDX-License-Identifier: Apache-2.0
// An OCI image layout (image-spec image-layout.md) as a blob store with tags.
//
//   oci-layout                 {"imageLayoutVersion":"1.0.0"}
//   index.json                 tags: descriptors with the annotation org.opencontainers.image.ref.name
//   blobs/sha256/<hex>         mode 0644, never changed after its rename
//   blobs/sha256/.tmp-*        being written, with a held flock: whoever finds one unlocked removes it
//   .jcbuild.lock              flock(2)ed by whoever changes index.json; readers need no lock, for it changes by rename
#pragma once

#include "oci/digest.h"
#include "oci/image_config.h"
#include "oci/manifest.h"
#include "util/fd.h"
#include "util/root.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::oci {

/// A blob being written. Nothing is visible before `commit`; destroyed without it, nothing is left.
class BlobWriter {
 public:
  BlobWriter(BlobWriter&&) noexcept;
  ~BlobWriter();
  /// Adds bytes. Throws Error(system).
  void write(std::string_view bytes);
  std::uint64_t size_bytes() const noexcept;
  /// Flushes and publishes under the digest of what was written, which is returned. With `expected`, a different digest
  /// is Error(invalid) and nothing is published. Publishing a blob that is there already is no error.
  Digest commit(const std::optional<Digest>& expected = std::nullopt);

 private:
  friend class Layout;
  struct State;
  explicit BlobWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

/// An open image layout. All operations are safe for many processes at once; tags change under a lock.
class Layout {
 public:
  /// Opens an existing layout. Throws Error(not_found) when there is none, Error(invalid) when it is not one.
  static Layout open(util::Root directory, std::string name_for_messages);
  /// Makes an empty layout in an empty directory, or opens the one that is there.
  static Layout create(util::Root directory, std::string name_for_messages);

  bool has_blob(const Digest& digest) const;
  std::optional<std::uint64_t> find_blob_size(const Digest& digest) const;
  /// Opens a blob for reading: regular files only, with the size the descriptor promises (otherwise Error(invalid)).
  /// The content is not hashed here: readers do it while they read.
  util::Fd open_blob(const Descriptor& descriptor) const;
  /// Reads a small blob and verifies size and digest. Throws Error(invalid, not_found).
  std::string read_blob(const Descriptor& descriptor, std::uint64_t limit_bytes) const;
  /// Stores bytes; atomic, idempotent, flushed. Returns their digest.
  Digest put_blob(std::string_view bytes) const;
  BlobWriter new_blob() const;
  /// Removes a blob; a missing one is fine.
  void remove_blob(const Digest& digest) const;
  /// All blobs, sorted; foreign file names in the directory are reported through `stray`, when given.
  std::vector<Digest> list_blobs(std::vector<std::string>* stray = nullptr) const;
  /// Removes the temporary files of writers that are gone (killed, or cut off by a power failure). Safe at any time.
  void reclaim_temporaries() const;

  /// The descriptors in index.json, in order.
  std::vector<Descriptor> list_manifests() const;
  /// The descriptor tagged `tag`; with an empty tag the only one there is. Nothing when there is none.
  /// Throws Error(invalid) when an empty tag is ambiguous (the message lists the tags).
  std::optional<Descriptor> find_tag(std::string_view tag) const;
  /// Points `tag` at a manifest whose blobs are all here. Atomic; another descriptor under that tag loses it.
  void set_tag(const std::string& tag, Descriptor manifest) const;
  /// Removes a tag. Returns whether it was there.
  bool remove_tag(std::string_view tag) const;

  const util::Root& root() const noexcept { return m_root; }
  /// The name that messages use.
  const std::string& name() const noexcept { return m_name; }

 private:
  Layout(util::Root root, std::string name) : m_root(std::move(root)), m_name(std::move(name)) {}
  util::Root m_root;
  std::string m_name;
};

/// An image's manifest and config, read and verified together.
struct LoadedImage {
  Descriptor descriptor;  ///< of the manifest
  Manifest manifest;
  ImageConfig config;
};

/// Reads the image behind `descriptor`, going through an index (depth 2 at most) to the entry for `platform`.
/// Checks that config and manifest agree on the number of layers. Throws Error(invalid, not_found).
LoadedImage load_image(const Layout& layout, const Descriptor& descriptor, const Platform& platform);

}  // namespace jcb::oci
