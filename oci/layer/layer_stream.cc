// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/layer_stream.h"

#include "jcbuild/error.h"
#include "oci/layer/codec.h"
#include "oci/layer/layer_check.h"
#include "oci/layer/unpack_entry.h"

#include <algorithm>

namespace jcb::oci {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t k_format = 1;
// A checkpoint holds what the tar reader has read ahead: there is almost always a better moment soon.
constexpr std::size_t k_little_buffered = std::size_t{32} << 10;

std::uint64_t default_interval(std::uint64_t blob_bytes) {
  return std::clamp(blob_bytes / 64, std::uint64_t{256} << 10, std::uint64_t{8} << 20);
}

void save_entry(StateWriter& state, const TarEntry& entry) {
  state.text(entry.name);
  for (const std::uint64_t number : {std::uint64_t{entry.mode}, std::uint64_t{entry.uid}, std::uint64_t{entry.gid}, entry.size_bytes,
                                     static_cast<std::uint64_t>(entry.mtime_s), std::uint64_t{entry.mtime_ns}})
    state.number(number);
  state.number(entry.xattrs.size());
  for (const auto& [name, value] : entry.xattrs) {
    state.text(name);
    state.text(value);
  }
}

TarEntry load_file_entry(StateReader& state) {
  TarEntry entry;
  entry.name = state.text();
  for (auto* number : {&entry.mode, &entry.uid, &entry.gid}) *number = static_cast<std::uint32_t>(state.number());
  entry.size_bytes = state.number();
  entry.mtime_s = static_cast<std::int64_t>(state.number());
  entry.mtime_ns = static_cast<std::uint32_t>(state.number());
  for (auto left = state.number(); left > 0; --left) {
    const std::string name(state.text());
    entry.xattrs[name] = state.text();
  }
  return entry;
}

// One layer on its way from its source into its target.
class StreamUnpacker final : public UnpackObserver {
 public:
  StreamUnpacker(LayerStream& stream, LayerCheck& check, const util::Root& target, const UnpackOptions& options, std::uint64_t blob_bytes)
      : m_stream(stream),
        m_check(check),
        m_reader([this](char* buffer, std::size_t size) { return read_tar(buffer, size); }, check.thing(), options.limits),
        m_unpacker(target, options, check.thing(), this),
        m_least_interval(stream.interval_bytes > 0 ? stream.interval_bytes : default_interval(blob_bytes)),
        m_interval(m_least_interval) {}

  void run() {
    begin();
    while (const auto entry = m_reader.next()) {
      m_unpacker.unpack(*entry, m_reader);
      on_progress(nullptr);
    }
    m_reader.expect_end();
    m_unpacker.finish();
  }

 private:
  void begin() {
    const ChunkSource source = [this] { return next_run(); };
    const ByteSink on_input = [this](std::string_view bytes) { m_check.add_blob(bytes); };
    if (!m_stream.resume) {
      m_decompressor = make_decompressor(source, m_check.declared_compression(), on_input, m_check.thing());
      return;
    }
    StateReader state(m_stream.resume->state);
    if (state.number() != k_format) throw Error(ErrorKind::invalid, "a checkpoint of another format");
    m_check.load(state);
    m_last = m_check.run_begin();
    const std::uint64_t passed = state.number();
    m_decompressor = resume_decompressor(source, state.text(), passed, on_input, m_check.thing());
    if (!m_decompressor) throw Error(ErrorKind::invalid, "a checkpoint of another decompressor");
    m_reader.load(state.text());
    m_unpacker.load(state);
    if (state.number() != 0) m_unpacker.resume_file(load_file_entry(state), m_reader);
  }

  // Small enough to be hashed and decompressed from the processor's cache.
  std::string_view next_run() {
    if (m_rest.empty()) m_rest = m_stream.source();
    const std::string_view run = m_rest.substr(0, k_chunk_bytes);
    m_rest.remove_prefix(run.size());
    return run;
  }

  std::size_t read_tar(char* buffer, std::size_t size) {
    const std::size_t got = m_decompressor->read(buffer, size);
    m_check.add_tar({buffer, got});
    return got;
  }

  void on_removal() override {
    if (m_stream.drop && !m_dropped) m_stream.drop();
    m_dropped = true;
  }

  void on_progress(const TarEntry* open_file) override {
    if (m_stream.save && is_due()) take(open_file);
  }

  bool is_due() const {
    if (!m_dropped) {
      const std::uint64_t passed = m_check.run_begin() - m_last;
      if (passed < m_interval || (passed < 2 * m_interval && m_reader.buffered() > k_little_buffered)) return false;
    }
    return Clock::now() - m_when >= m_stream.interval;
  }

  void take(const TarEntry* open_file) {
    const auto decoder = m_decompressor->save();
    if (!decoder) {
      m_stream.save = nullptr;
      return;
    }
    StateWriter state;
    state.number(k_format);
    m_check.save(state);
    state.number(m_check.run_size() - decoder->unread);
    state.text(decoder->bytes);
    state.text(m_reader.save());
    m_unpacker.save(state);
    state.number(open_file != nullptr ? 1 : 0);
    if (open_file != nullptr) save_entry(state, *open_file);
    const UnpackCheckpoint checkpoint{m_check.run_begin(), state.take()};
    m_stream.save(checkpoint);
    m_last = checkpoint.blob_offset;
    m_when = Clock::now();
    m_dropped = false;
    // A layer of very many directories has large states: they stay a small part of what is written.
    if (m_stream.interval_bytes == 0) m_interval = std::max<std::uint64_t>(m_least_interval, 4 * checkpoint.state.size());
  }

  LayerStream& m_stream;
  LayerCheck& m_check;
  TarReader m_reader;
  EntryUnpacker m_unpacker;
  std::unique_ptr<Decompressor> m_decompressor;
  std::string_view m_rest;
  std::uint64_t m_least_interval, m_interval, m_last = 0;
  Clock::time_point m_when = Clock::now();
  bool m_dropped = false;
};

}  // namespace

void unpack_layer(LayerStream& stream, const Descriptor& descriptor, const std::optional<Digest>& diff_id, const util::Root& target,
                  const UnpackOptions& options) {
  LayerCheck check(descriptor, diff_id, options, "layer " + descriptor.digest.text());
  StreamUnpacker(stream, check, target, options, descriptor.size_bytes).run();
  check.finish();
}

}  // namespace jcb::oci
