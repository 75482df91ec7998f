// SPDX-License-Identifier: Apache-2.0
// Choosing a method, by request or by magic number. The methods are in zstd.cc, zlib.cc and isal.cc.
#include "oci/layer/compress.h"

#include "jcbuild/error.h"
#include "oci/layer/codec.h"
#include "util/interrupt.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace jcb::oci {
namespace {

constexpr const char* k_plain_state = "plain";

class PlainWriter final : public Compressor {
 public:
  explicit PlainWriter(ByteSink sink) : m_sink(std::move(sink)) {}
  void write(std::string_view bytes) override { m_sink(bytes); }
  void finish() override {}

 private:
  ByteSink m_sink;
};

class PlainReader final : public Decompressor {
 public:
  explicit PlainReader(CompressedInput input) : m_input(std::move(input)) {}
  std::size_t read(char* buffer, std::size_t size) override { return m_input.read(buffer, size); }
  std::optional<DecompressorState> save() const override { return DecompressorState{k_plain_state, m_input.unread()}; }

 private:
  CompressedInput m_input;
};

// RFC 1952 section 2.3.1; RFC 8878 sections 3.1.1 and 3.1.2 (a stream may begin with a skippable frame).
Compression detect(std::string_view head) {
  if (head.starts_with("\x1f\x8b")) return Compression::gzip;
  if (head.starts_with("\x28\xb5\x2f\xfd")) return Compression::zstd;
  if (head.size() >= 4 && (static_cast<unsigned char>(head[0]) & 0xf0) == 0x50 && head.substr(1, 3) == "\x2a\x4d\x18")
    return Compression::zstd;
  return Compression::none;
}

void check_level(int level, int highest, std::string_view method) {
  if (level >= 0 && level <= highest) return;
  throw Error(ErrorKind::usage, std::string(method) + " has no compression level " + std::to_string(level),
              "levels are 1 to " + std::to_string(highest));
}

std::unique_ptr<Compressor> make_gzip_compressor(int level, ByteSink sink) {
  check_level(level, 9, "gzip");
#ifdef JCB_HAVE_ISAL
  // ISA-L has the levels 0 to 3; who asks for more wants zlib's ratio and pays zlib's time.
  if (level <= 3) return make_isal_compressor(level == 0 ? 1 : level, std::move(sink));
#endif
  return make_zlib_compressor(level == 0 ? 6 : level, std::move(sink));
}

std::unique_ptr<Decompressor> make_gzip_decompressor(CompressedInput input) {
#ifdef JCB_HAVE_ISAL
  return make_isal_decompressor(std::move(input));
#else
  return make_zlib_decompressor(std::move(input));
#endif
}

std::unique_ptr<Decompressor> make_known_decompressor(CompressedInput input, Compression method) {
  if (method == Compression::gzip) return make_gzip_decompressor(std::move(input));
  if (method == Compression::zstd) return make_zstd_decompressor(std::move(input));
  return std::make_unique<PlainReader>(std::move(input));
}

// The magic of bzip2 and its block size are text that a file may begin with; the magic of the first block is not.
bool is_bzip2(std::string_view head) {
  if (head.size() < 10 || !head.starts_with("BZh") || head[3] < '1' || head[3] > '9') return false;
  const auto block = head.substr(4, 6);
  return block == "\x31\x41\x59\x26\x53\x59" || block == "\x17\x72\x45\x38\x50\x90";
}

constexpr std::string_view k_xz_magic{
    "\xfd"
    "7zXZ\0",
    6};

}  // namespace

std::string_view CompressedInput::next() {
  if (!m_put_back.empty()) return std::exchange(m_put_back, {});
  if (m_source) return take();
  if (m_chunk.empty()) m_chunk.resize(k_chunk_bytes);
  return {m_chunk.data(), read(m_chunk.data(), m_chunk.size())};
}

std::string_view CompressedInput::take() {
  util::check_interrupt();
  const std::string_view bytes = m_source();
  if (m_on_input && !bytes.empty()) m_on_input(bytes);
  return bytes;
}

std::size_t CompressedInput::read_source(char* buffer, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    if (m_put_back.empty()) m_put_back = take();
    if (m_put_back.empty()) break;
    const std::size_t part = std::min(size - done, m_put_back.size());
    std::memcpy(buffer + done, m_put_back.data(), part);
    m_put_back.remove_prefix(part);
    done += part;
  }
  return done;
}

void CompressedInput::skip(std::size_t count) {
  while (count > 0) {
    if (m_put_back.empty()) m_put_back = take();
    if (m_put_back.empty()) throw Error(ErrorKind::invalid, m_thing + ": it is shorter than before");
    const std::size_t part = std::min(count, m_put_back.size());
    m_put_back.remove_prefix(part);
    count -= part;
  }
}

std::size_t CompressedInput::read(char* buffer, std::size_t size) {
  if (m_source) return read_source(buffer, size);
  std::size_t done = std::min(size, m_put_back.size());
  if (done > 0) std::memcpy(buffer, m_put_back.data(), done);
  m_put_back.remove_prefix(done);
  const std::size_t seen = done;
  util::check_interrupt();
  while (done < size) {
    const ssize_t got = ::read(m_fd, buffer + done, size - done);
    if (got == 0) break;
    if (got > 0) done += static_cast<std::size_t>(got);
    if (got < 0 && errno != EINTR) throw_errno("read", m_thing);
    if (got < 0) util::check_interrupt();
  }
  if (m_on_input && done > seen) m_on_input({buffer + seen, done - seen});
  return done;
}

void throw_bad_stream(const CompressedInput& input, std::string_view cause) {
  throw Error(ErrorKind::invalid, input.thing() + ": " + std::string(cause));
}

std::unique_ptr<Compressor> make_compressor(const CompressionChoice& choice, ByteSink sink) {
  if (choice.method == Compression::gzip) return make_gzip_compressor(choice.level, std::move(sink));
  if (choice.method == Compression::none) return std::make_unique<PlainWriter>(std::move(sink));
  check_level(choice.level, 22, "zstd");
  return make_zstd_compressor(choice.level == 0 ? 3 : choice.level, std::move(sink));
}

std::unique_ptr<Decompressor> make_archive_decompressor(int fd, ByteSink on_input, std::string_view thing) {
  CompressedInput input(fd, std::move(on_input), thing);
  const std::string_view head = input.next();
  input.put_back(head);
  if (head.starts_with(k_xz_magic)) return make_xz_decompressor(std::move(input));
  if (is_bzip2(head)) return make_bzip2_decompressor(std::move(input));
  return make_known_decompressor(std::move(input), detect(head));
}

namespace {

std::unique_ptr<Decompressor> make_detected_decompressor(CompressedInput input, std::optional<Compression> method) {
  if (!method) {
    const std::string_view head = input.next();
    method = detect(head);
    input.put_back(head);
  }
  return make_known_decompressor(std::move(input), *method);
}

}  // namespace

std::unique_ptr<Decompressor> make_decompressor(int fd, std::optional<Compression> method, ByteSink on_input, std::string_view thing) {
  return make_detected_decompressor(CompressedInput(fd, std::move(on_input), thing), method);
}

std::unique_ptr<Decompressor> make_decompressor(ChunkSource source, std::optional<Compression> method, ByteSink on_input,
                                                std::string_view thing) {
  return make_detected_decompressor(CompressedInput(std::move(source), std::move(on_input), thing), method);
}

std::unique_ptr<Decompressor> resume_decompressor(ChunkSource source, std::string_view bytes, std::size_t passed, ByteSink on_input,
                                                  std::string_view thing) {
  CompressedInput input(std::move(source), std::move(on_input), thing);
  input.skip(passed);
  if (bytes == k_plain_state) return std::make_unique<PlainReader>(std::move(input));
#ifdef JCB_HAVE_ISAL
  return resume_isal_decompressor(std::move(input), bytes);
#else
  return nullptr;
#endif
}

}  // namespace jcb::oci
