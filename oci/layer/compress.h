// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oci/media_type.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace jcb::oci {

/// Receives a run of bytes.
using ByteSink = std::function<void(std::string_view)>;

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

/// A pull-style decompressor over an open file. Detects gzip and zstd by magic when `method` is not given; any other
/// input is taken as not compressed. Concatenated members and frames are read on; truncation, bytes after the end that
/// are no member, and zstd windows above 2^27 are Error(invalid). No external program is ever run.
class Decompressor {
 public:
  virtual ~Decompressor() = default;
  /// Fills `buffer`; fewer bytes than asked only at the end. Throws Error(invalid, system).
  virtual std::size_t read(char* buffer, std::size_t size) = 0;
};
/// `on_input` (may be empty) sees every compressed byte, up to the very end of the file, in order: for hashing the blob
/// in the same pass.
std::unique_ptr<Decompressor> make_decompressor(int fd, std::optional<Compression> method, ByteSink on_input, std::string_view thing);
/// As make_decompressor, for archives that people make: xz and bzip2 are detected too. Layers have neither.
std::unique_ptr<Decompressor> make_archive_decompressor(int fd, ByteSink on_input, std::string_view thing);

}  // namespace jcb::oci
