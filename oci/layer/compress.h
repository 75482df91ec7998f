// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oci/media_type.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace jcb::oci {

/// Receives a run of bytes.
using ByteSink = std::function<void(std::string_view)>;

/// Hands out bytes run by run, without a copy: each run (below 1 GiB) is valid until the next call; empty at the end, and
/// ever after.
using ChunkSource = std::function<std::string_view()>;

/// What to compress with. `level` 0 is the default of the method (zstd 3, gzip 6 or ISA-L's 1).
struct CompressionChoice {
  Compression method = Compression::zstd;
  int level = 0;
  bool operator==(const CompressionChoice&) const = default;
};

/// A streaming compressor; bounded memory. The bytes depend on the input, the choice and the library version only
/// (gzip header: no name, no time, OS 255).
class Compressor {
 public:
  virtual ~Compressor() = default;
  virtual void write(std::string_view bytes) = 0;
  /// Ends the stream; call once.
  virtual void finish() = 0;
};
std::unique_ptr<Compressor> make_compressor(const CompressionChoice& choice, ByteSink sink);

/// Where a decompressor stands, for another process of this program to go on.
struct DecompressorState {
  std::string bytes;
  std::size_t unread = 0;  ///< bytes at the end of the last run of input that are still to be decompressed
};

/// A pull-style decompressor over an open file. Detects gzip and zstd by magic when `method` is not given; any other
/// input is taken as not compressed. Concatenated members and frames are read on; truncation, bytes after the end that
/// are no member, and zstd windows above 2^27 are Error(invalid). No external program is ever run.
class Decompressor {
 public:
  virtual ~Decompressor() = default;
  /// Fills `buffer`; fewer bytes than asked only at the end. Throws Error(invalid, system).
  virtual std::size_t read(char* buffer, std::size_t size) = 0;
  /// Nothing where the method cannot be gone on with.
  virtual std::optional<DecompressorState> save() const { return std::nullopt; }
};
/// `on_input` (may be empty) sees every compressed byte, up to the very end of the file, in order: for hashing the blob
/// in the same pass.
std::unique_ptr<Decompressor> make_decompressor(int fd, std::optional<Compression> method, ByteSink on_input, std::string_view thing);
/// The same over a source.
std::unique_ptr<Decompressor> make_decompressor(ChunkSource source, std::optional<Compression> method, ByteSink on_input,
                                                std::string_view thing);
/// Goes on from a saved state: `source` begins with the run of input that was the last, of which all but `unread` is
/// passed over. Null when `bytes` is no state that this program can use.
std::unique_ptr<Decompressor> resume_decompressor(ChunkSource source, std::string_view bytes, std::size_t passed, ByteSink on_input,
                                                  std::string_view thing);
/// As make_decompressor, for archives that people make: xz and bzip2 are detected too. Layers have neither.
std::unique_ptr<Decompressor> make_archive_decompressor(int fd, ByteSink on_input, std::string_view thing);

}  // namespace jcb::oci
