// SPDX-License-Identifier: Apache-2.0
// A layer in its three forms and the ways between them:
//   overlay directory (what overlayfs calls an upperdir or lowerdir)  --pack-->   tar, compressed, as a blob
//   blob                                                             --unpack-->  overlay directory, or a plain rootfs
//
// In an overlay directory a whiteout is a character device 0:0 and an opaque directory has the xattr
// {user,trusted}.overlay.opaque=y (kernel Documentation/filesystems/overlayfs.rst); in the tar they are the entries
// `.wh.NAME` and `.wh..wh..opq` (image-spec layer.md).
#pragma once

#include "oci/digest.h"
#include "oci/layer/compress.h"
#include "oci/layer/tar.h"
#include "oci/layout.h"
#include "util/owner_records.h"
#include "util/owner_table.h"
#include "util/root.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace jcb::oci {

/// Which xattr namespace marks opaque directories: `user` under a `userxattr` mount (rootless), `trusted` as root.
enum class OverlayXattr { user, trusted };

/// What packing measures on its way.
struct PackedLayer {
  Descriptor descriptor;  ///< of the blob
  Digest diff_id;         ///< of the uncompressed tar
  std::uint64_t tar_bytes = 0;
  std::uint64_t entries = 0;
};

struct PackOptions {
  CompressionChoice compression;
  OverlayXattr overlay_xattr = OverlayXattr::user;
  /// Called with the running count of tar bytes; may be empty.
  std::function<void(std::uint64_t)> on_bytes;
  /// Owners and devices where the tree's files all belong to us (util/owner_table.h); null: the files tell.
  const util::OwnerTable* owners = nullptr;
};

/// Packs an overlay directory as one layer blob of `layout`: one streaming pass makes the tar, both digests and the
/// compressed blob; the blob is flushed and published. Entries sorted, parents first, mtime in whole seconds, hard links
/// to the first name, sockets left out, xattrs by allow-list (`security.capability` read as v2, `user.*` but overlay's).
/// A file that changes while it is read is Error(failed). Nothing when the directory has no entries (an empty layer).
std::optional<PackedLayer> pack_layer(const util::Root& directory, const Layout& layout, const PackOptions& options);

/// Writes the same tar without compressing or storing it (for `export` and tests). `directory` is a merged rootfs or an
/// overlay directory, `owners` as in PackOptions.
void write_layer_tar(const util::Root& directory, OverlayXattr overlay_xattr, const ByteSink& sink,
                     const util::OwnerTable* owners = nullptr);

/// How owners that this process may not set are treated.
enum class Ownership {
  apply,   ///< chown; needs root or a user namespace that maps them
  record,  ///< everything is ours; the owner is kept in the xattr user.rootlesscontainers (umoci's format) where possible
};
/// What whiteouts become.
enum class Whiteouts {
  overlay,  ///< overlayfs's form: for a layer directory of the store
  apply,    ///< removals in a rootfs that holds the layers below
};

struct UnpackOptions {
  Ownership ownership = Ownership::apply;
  Whiteouts whiteouts = Whiteouts::overlay;
  OverlayXattr overlay_xattr = OverlayXattr::user;
  TarLimits limits;
  std::function<void(std::uint64_t)> on_bytes;  ///< running count of blob bytes; may be empty
  /// Running count of the tar's bytes, before they are written; may be empty. Throwing ends it.
  std::function<void(std::uint64_t)> on_tar_bytes;
  /// User and group that everything gets, whatever the archive says: ADD --chown.
  std::optional<std::pair<std::uint32_t, std::uint32_t>> owner;
  /// The tree will be flushed when it is whole: the disk is told to begin with large files while they are written.
  bool begin_writeback = false;
  /// An entry for the target itself ("./") changes nothing: the target is a directory that was there before.
  bool keep_root = false;
  /// With Ownership::apply: owners and devices go here instead of into the file system, for a user with a single id. The
  /// caller makes a table of it (collect_owners in owners.h).
  util::OwnerRecords* records = nullptr;
};

/// Unpacks one layer tar (already opened blob file `fd`) into `target`. Everything goes through Root and held
/// descriptors: no entry, name or link can reach outside. Verifies the blob's digest and size and, when given, the
/// diff ID, in the same pass; a mismatch is Error(invalid). On an error the target holds a partial tree that the caller
/// drops. Device nodes that may not be made become empty files and are recorded (Ownership::record) or an error.
/// No fsync: the caller flushes the tree once.
void unpack_layer(int fd, const Descriptor& descriptor, const std::optional<Digest>& diff_id, const util::Root& target,
                  const UnpackOptions& options);

/// Extracts a plain tar stream (from a file or a pipe, compressed in any way that make_archive_decompressor knows) into
/// `target` by the same rules, without digests; for `import`, contexts and ADD of archives.
void extract_tar(int fd, const util::Root& target, const UnpackOptions& options, std::string_view thing);

/// The tables of merged trees, in the order of the trees, and where the result's goes; empty: the files tell.
struct MergedOwners {
  std::vector<const util::OwnerTable*> bottom_first;
  util::OwnerTable* result = nullptr;
};

/// Makes one overlay directory out of several: later ones lie on top. Files are hard links, not copies, so both stay
/// valid; a whiteout is kept only where `below` says that something lower has that path. `target` is empty.
/// `below(path)` is asked for paths without leading slash.
void merge_overlay_directories(const std::vector<const util::Root*>& bottom_first, const util::Root& target, OverlayXattr overlay_xattr,
                               const std::function<bool(const std::string&)>& below, const MergedOwners& owners = {});

/// Whether the union of overlay directories (topmost first) has an entry at `path`.
bool overlay_has_path(const std::vector<const util::Root*>& top_first, const std::string& path, OverlayXattr overlay_xattr);

}  // namespace jcb::oci
