// SPDX-License-Identifier: Apache-2.0
// Zstandard (RFC 8878) through libzstd: one thread, because the time that is counted is the processor's; a content
// checksum in every frame; windows up to 128 MiB on reading, which is what every level needs without --ultra --long.
#include "jcbuild/error.h"
#include "oci/layer/codec.h"

#include <zstd.h>
#include <zstd_errors.h>

namespace jcb::oci {
namespace {

constexpr int k_window_log = 27;

void check(std::size_t code, std::string_view operation) {
  if (ZSTD_isError(code) != 0) throw Error(ErrorKind::system, "zstd cannot " + std::string(operation) + ": " + ZSTD_getErrorName(code));
}

class ZstdCompressor final : public Compressor {
 public:
  ZstdCompressor(int level, ByteSink sink) : m_sink(std::move(sink)), m_output(ZSTD_CStreamOutSize()) {
    if (!m_context) throw Error(ErrorKind::system, "zstd has no memory");
    check(ZSTD_CCtx_setParameter(m_context.get(), ZSTD_c_compressionLevel, level), "set the level");
    check(ZSTD_CCtx_setParameter(m_context.get(), ZSTD_c_checksumFlag, 1), "add a checksum");
  }
  void write(std::string_view bytes) override {
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    while (input.pos < input.size) step(input, ZSTD_e_continue);
  }
  void finish() override {
    ZSTD_inBuffer input{nullptr, 0, 0};
    while (step(input, ZSTD_e_end) != 0) {
    }
  }

 private:
  std::size_t step(ZSTD_inBuffer& input, ZSTD_EndDirective directive) {
    ZSTD_outBuffer output{m_output.data(), m_output.size(), 0};
    const std::size_t left = ZSTD_compressStream2(m_context.get(), &output, &input, directive);
    check(left, "compress");
    if (output.pos > 0) m_sink({m_output.data(), output.pos});
    return left;
  }

  ByteSink m_sink;
  std::vector<char> m_output;
  std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> m_context{ZSTD_createCCtx(), ZSTD_freeCCtx};
};

class ZstdDecompressor final : public Decompressor {
 public:
  explicit ZstdDecompressor(CompressedInput input) : m_file(std::move(input)) {
    if (!m_context) throw Error(ErrorKind::system, "zstd has no memory");
    check(ZSTD_DCtx_setParameter(m_context.get(), ZSTD_d_windowLogMax, k_window_log), "limit the window");
  }
  std::size_t read(char* buffer, std::size_t size) override {
    ZSTD_outBuffer output{buffer, size, 0};
    while (output.pos < output.size && step(output)) {
    }
    return output.pos;
  }

 private:
  // One call into zstd; false at the end of the last frame and of the file.
  bool step(ZSTD_outBuffer& output) {
    if (m_input.pos == m_input.size) {
      const std::string_view bytes = m_file.next();
      m_input = {bytes.data(), bytes.size(), 0};
    }
    const bool at_end = m_input.size == 0;
    if (at_end && !m_inside) return false;
    const std::size_t before = output.pos;
    const std::size_t hint = ZSTD_decompressStream(m_context.get(), &output, &m_input);
    if (ZSTD_isError(hint) != 0) fail(hint);
    m_inside = hint != 0;
    // Without input it can only have flushed what it held back.
    if (at_end && m_inside && output.pos == before) throw_bad_stream(m_file, "the zstd stream is truncated");
    return true;
  }

  [[noreturn]] void fail(std::size_t code) const {
    if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge)
      throw_bad_stream(m_file, "the zstd window is larger than 128 MiB");
    throw_bad_stream(m_file, std::string("bad zstd stream: ") + ZSTD_getErrorName(code));
  }

  CompressedInput m_file;
  ZSTD_inBuffer m_input{nullptr, 0, 0};
  bool m_inside = true;  // a stream of no frame at all is truncated too
  std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> m_context{ZSTD_createDCtx(), ZSTD_freeDCtx};
};

}  // namespace

std::unique_ptr<Compressor> make_zstd_compressor(int level, ByteSink sink) {
  return std::make_unique<ZstdCompressor>(level, std::move(sink));
}

std::unique_ptr<Decompressor> make_zstd_decompressor(CompressedInput input) { return std::make_unique<ZstdDecompressor>(std::move(input)); }

}  // namespace jcb::oci
