// SPDX-License-Identifier: Apache-2.0
// What the methods behind compress.h share. Private to oci/layer.
#pragma once

#include "oci/layer/compress.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::oci {

/// How much is read, written and hashed at a time: large enough that no call overhead shows, small enough for L2.
inline constexpr std::size_t k_chunk_bytes = std::size_t{256} << 10;

/// Takes bytes from an open file or a source and shows every one to `on_input` on its way.
class CompressedInput {
 public:
  CompressedInput(int fd, ByteSink on_input, std::string_view thing) : m_fd(fd), m_on_input(std::move(on_input)), m_thing(thing) {}
  CompressedInput(ChunkSource source, ByteSink on_input, std::string_view thing)
      : m_source(std::move(source)), m_on_input(std::move(on_input)), m_thing(thing) {}
  /// The next bytes, valid until the next call; empty at the end of the file, and ever after.
  std::string_view next();
  /// Puts the first `next` back, so that who looked for a magic number does not keep it from the decompressor.
  void put_back(std::string_view bytes) { m_put_back = bytes; }
  /// Reads into a buffer of the caller; fewer bytes than asked only at the end.
  std::size_t read(char* buffer, std::size_t size);
  /// Passes over bytes that an earlier process has decompressed. Throws Error(invalid) when there are not so many.
  void skip(std::size_t count);
  /// How much of what was taken `next` has yet to hand out.
  std::size_t unread() const noexcept { return m_put_back.size(); }
  const std::string& thing() const noexcept { return m_thing; }

 private:
  std::string_view take();
  std::size_t read_source(char* buffer, std::size_t size);

  int m_fd = -1;
  ChunkSource m_source;
  ByteSink m_on_input;
  std::string m_thing;
  std::vector<char> m_chunk;
  std::string_view m_put_back;
};

/// Throws Error(invalid) "THING: CAUSE".
[[noreturn]] void throw_bad_stream(const CompressedInput& input, std::string_view cause);

std::unique_ptr<Compressor> make_zstd_compressor(int level, ByteSink sink);
std::unique_ptr<Compressor> make_zlib_compressor(int level, ByteSink sink);
std::unique_ptr<Compressor> make_isal_compressor(int level, ByteSink sink);
std::unique_ptr<Decompressor> make_zstd_decompressor(CompressedInput input);
std::unique_ptr<Decompressor> make_zlib_decompressor(CompressedInput input);
std::unique_ptr<Decompressor> make_isal_decompressor(CompressedInput input);
/// Goes on where an IsalDecompressor was saved; null when `state` is not of this very library.
std::unique_ptr<Decompressor> resume_isal_decompressor(CompressedInput input, std::string_view state);
std::unique_ptr<Decompressor> make_xz_decompressor(CompressedInput input);
std::unique_ptr<Decompressor> make_bzip2_decompressor(CompressedInput input);

}  // namespace jcb::oci
