// SPDX-License-Identifier: Apache-2.0
// Unpacking a layer while it arrives, and going on where a process was killed.
//
// A checkpoint says that another process can begin here: where in the blob, and what decoder, hashes, tar reader and
// unpacker had in mind. What the killed process unpacked after it is unpacked again, over what is there. That gives the
// same tree only as long as nothing was removed in between (a name that comes twice in a layer): a hard link, or a link
// in the directory part of a name, would find the later file. So before anything is removed the last checkpoint is
// dropped, and a new one is taken soon after.
// Taken between two entries, and also within a file's content, since a layer may be a single large file. Only for gzip
// through ISA-L and for plain tars: zlib and libzstd keep their state to themselves.
#pragma once

#include "oci/layer/layer.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace jcb::oci {

/// A place to go on from. Good for the same target, boot, machine and program only: the caller sees to that.
struct UnpackCheckpoint {
  std::uint64_t blob_offset = 0;  ///< from where the blob is to be read again
  std::string state;
};

/// A blob as it arrives.
struct LayerStream {
  /// The blob's bytes, from the checkpoint's offset where there is one.
  ChunkSource source;
  /// Goes on from there in the same target.
  std::optional<UnpackCheckpoint> resume;
  /// Keeps a checkpoint in place of the last; empty: none are taken. Not for Whiteouts::apply, nor with owner records.
  std::function<void(const UnpackCheckpoint&)> save;
  /// Forgets the last checkpoint.
  std::function<void()> drop;
  /// At least so much of the blob and so much time lie between two; 0 bytes: a 64th of the blob, 256 KiB to 8 MiB.
  std::uint64_t interval_bytes = 0;
  std::chrono::milliseconds interval{25};
};

/// As the other unpack_layer. Error(invalid) after a resume can also mean that the checkpoint is not one for this target:
/// then the layer is to be begun anew.
void unpack_layer(LayerStream& stream, const Descriptor& descriptor, const std::optional<Digest>& diff_id, const util::Root& target,
                  const UnpackOptions& options);

}  // namespace jcb::oci
