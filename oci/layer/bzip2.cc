// SPDX-License-Identifier: Apache-2.0
// bzip2 through libbz2; reading only, for archives that ADD, import and contexts take.
#include <bzlib.h>

#include <algorithm>

#include "jcbuild/error.h"
#include "oci/layer/codec.h"

namespace jcb::oci {
namespace {

class Bzip2Decompressor final : public Decompressor {
 public:
  explicit Bzip2Decompressor(CompressedInput input) : m_file(std::move(input)) { start(); }
  ~Bzip2Decompressor() override { BZ2_bzDecompressEnd(&m_stream); }

  std::size_t read(char* buffer, std::size_t size) override {
    std::size_t done = 0;
    while (done < size && fill()) {
      const std::size_t part = std::min(size - done, std::size_t{1} << 30);  // avail_out has 32 bits
      m_stream.next_out = buffer + done;
      m_stream.avail_out = static_cast<unsigned>(part);
      step();
      done += part - m_stream.avail_out;
    }
    return done;
  }

 private:
  void start() {
    if (BZ2_bzDecompressInit(&m_stream, 0, 0) != BZ_OK) throw Error(ErrorKind::system, "libbz2 cannot start: no memory");
  }

  // Has input, or output that libbz2 holds back; false at the end of the last stream and of the file.
  bool fill() {
    if (m_stream.avail_in == 0) {
      const std::string_view bytes = m_file.next();
      m_stream.next_in = const_cast<char*>(bytes.data());
      m_stream.avail_in = static_cast<unsigned>(bytes.size());
      m_at_end = bytes.empty();
    }
    return m_inside || m_stream.avail_in > 0;
  }

  void step() {
    if (!m_inside) {
      // Several streams after each other are one file, as pbzip2 writes them.
      char* const input = m_stream.next_in;
      const unsigned left = m_stream.avail_in;
      BZ2_bzDecompressEnd(&m_stream);
      start();
      m_stream.next_in = input;
      m_stream.avail_in = left;
      m_inside = true;
    }
    const unsigned room = m_stream.avail_out;
    const int result = BZ2_bzDecompress(&m_stream);
    if (result == BZ_STREAM_END) m_inside = false;
    if (result != BZ_OK && result != BZ_STREAM_END) throw_bad_stream(m_file, "bad bzip2 stream");
    if (result == BZ_OK && m_at_end && m_stream.avail_out == room) throw_bad_stream(m_file, "the bzip2 stream is truncated");
  }

  CompressedInput m_file;
  bz_stream m_stream{};
  bool m_inside = true;
  bool m_at_end = false;
};

}  // namespace

std::unique_ptr<Decompressor> make_bzip2_decompressor(CompressedInput input) {
  return std::make_unique<Bzip2Decompressor>(std::move(input));
}

}  // namespace jcb::oci
