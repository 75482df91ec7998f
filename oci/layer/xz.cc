// SPDX-License-Identifier: Apache-2.0
// xz (tukaani.org/xz/xz-file-format.txt) through liblzma; reading only, for archives that ADD, import and contexts take.
#include <lzma.h>

#include <algorithm>

#include "jcbuild/error.h"
#include "oci/layer/codec.h"

namespace jcb::oci {
namespace {

// `xz -9` needs 65 MiB to read; a file may ask for 4 GiB.
constexpr std::uint64_t k_memory_bytes = std::uint64_t{256} << 20;

class XzDecompressor final : public Decompressor {
 public:
  explicit XzDecompressor(CompressedInput input) : m_file(std::move(input)) {
    if (lzma_stream_decoder(&m_stream, k_memory_bytes, LZMA_CONCATENATED) != LZMA_OK)
      throw Error(ErrorKind::system, "liblzma cannot start: no memory");
  }
  ~XzDecompressor() override { lzma_end(&m_stream); }

  std::size_t read(char* buffer, std::size_t size) override {
    m_stream.next_out = reinterpret_cast<std::uint8_t*>(buffer);
    m_stream.avail_out = size;
    while (m_stream.avail_out > 0 && !m_ended) step();
    return size - m_stream.avail_out;
  }

 private:
  void step() {
    if (m_stream.avail_in == 0 && m_action == LZMA_RUN) {
      const std::string_view bytes = m_file.next();
      m_stream.next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
      m_stream.avail_in = bytes.size();
      if (bytes.empty()) m_action = LZMA_FINISH;
    }
    const lzma_ret result = lzma_code(&m_stream, m_action);
    m_ended = result == LZMA_STREAM_END;
    if (result != LZMA_OK && result != LZMA_STREAM_END) throw_bad_stream(m_file, cause(result));
  }

  static const char* cause(lzma_ret result) {
    switch (result) {
      case LZMA_BUF_ERROR:
        return "the xz stream is truncated";
      case LZMA_MEMLIMIT_ERROR:
        return "the xz stream needs more than 256 MiB of memory";
      case LZMA_OPTIONS_ERROR:
        return "the xz stream uses a filter that liblzma does not have";
      default:
        return "bad xz stream";
    }
  }

  CompressedInput m_file;
  lzma_stream m_stream = LZMA_STREAM_INIT;
  lzma_action m_action = LZMA_RUN;
  bool m_ended = false;
};

}  // namespace

std::unique_ptr<Decompressor> make_xz_decompressor(CompressedInput input) { return std::make_unique<XzDecompressor>(std::move(input)); }

}  // namespace jcb::oci
