// SPDX-License-Identifier: Apache-2.0
// gzip (RFC 1952) through zlib: where ISA-L is missing, and for levels that ISA-L does not have.
#include "jcbuild/error.h"
#include "oci/layer/codec.h"

#include <zlib.h>

#include <algorithm>

namespace jcb::oci {
namespace {

constexpr int k_gzip_window_bits = 15 + 16;  // zlib.h: 16 more asks for the gzip wrapper

Bytef* as_bytes(std::string_view bytes) { return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data())); }

class ZlibCompressor final : public Compressor {
 public:
  ZlibCompressor(int level, ByteSink sink) : m_sink(std::move(sink)), m_output(k_chunk_bytes) {
    if (deflateInit2(&m_stream, level, Z_DEFLATED, k_gzip_window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      throw Error(ErrorKind::system, "zlib cannot start: no memory");
    m_header.os = 255;  // "unknown": the same bytes everywhere
    deflateSetHeader(&m_stream, &m_header);
  }
  ~ZlibCompressor() override { deflateEnd(&m_stream); }
  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const std::string_view part = bytes.substr(0, std::size_t{1} << 30);  // avail_in has 32 bits
      bytes.remove_prefix(part.size());
      m_stream.next_in = as_bytes(part);
      m_stream.avail_in = static_cast<uInt>(part.size());
      run(Z_NO_FLUSH);
    }
  }
  void finish() override { run(Z_FINISH); }

 private:
  void run(int flush) {
    do {
      m_stream.next_out = reinterpret_cast<Bytef*>(m_output.data());
      m_stream.avail_out = static_cast<uInt>(m_output.size());
      if (deflate(&m_stream, flush) == Z_STREAM_ERROR) throw Error(ErrorKind::system, "zlib cannot compress");
      if (const auto got = m_output.size() - m_stream.avail_out; got > 0) m_sink({m_output.data(), got});
    } while (m_stream.avail_out == 0);
  }

  ByteSink m_sink;
  std::vector<char> m_output;
  gz_header m_header{};
  z_stream m_stream{};
};

class ZlibDecompressor final : public Decompressor {
 public:
  explicit ZlibDecompressor(CompressedInput input) : m_file(std::move(input)) {
    if (inflateInit2(&m_stream, k_gzip_window_bits) != Z_OK) throw Error(ErrorKind::system, "zlib cannot start: no memory");
  }
  ~ZlibDecompressor() override { inflateEnd(&m_stream); }
  std::size_t read(char* buffer, std::size_t size) override {
    std::size_t done = 0;
    while (done < size && fill()) {
      const std::size_t part = std::min(size - done, std::size_t{1} << 30);
      m_stream.next_out = reinterpret_cast<Bytef*>(buffer + done);
      m_stream.avail_out = static_cast<uInt>(part);
      step();
      done += part - m_stream.avail_out;
    }
    return done;
  }

 private:
  // Has input, or output that zlib holds back; false at the end of the last member and of the file.
  bool fill() {
    if (m_stream.avail_in > 0) return true;
    const std::string_view bytes = m_file.next();
    m_stream.next_in = as_bytes(bytes);
    m_stream.avail_in = static_cast<uInt>(bytes.size());
    return m_inside || !bytes.empty();
  }

  void step() {
    if (!m_inside && inflateReset(&m_stream) != Z_OK) throw Error(ErrorKind::system, "zlib cannot go on");
    m_inside = true;
    const int result = inflate(&m_stream, Z_NO_FLUSH);
    if (result == Z_STREAM_END) m_inside = false;
    if (result == Z_BUF_ERROR && m_stream.avail_in == 0) throw_bad_stream(m_file, "the gzip stream is truncated");
    if (result != Z_OK && result != Z_STREAM_END)
      throw_bad_stream(m_file, std::string("bad gzip stream: ") + (m_stream.msg != nullptr ? m_stream.msg : "not gzip"));
  }

  CompressedInput m_file;
  bool m_inside = true;
  z_stream m_stream{};
};

}  // namespace

std::unique_ptr<Compressor> make_zlib_compressor(int level, ByteSink sink) {
  return std::make_unique<ZlibCompressor>(level, std::move(sink));
}

std::unique_ptr<Decompressor> make_zlib_decompressor(CompressedInput input) { return std::make_unique<ZlibDecompressor>(std::move(input)); }

}  // namespace jcb::oci
