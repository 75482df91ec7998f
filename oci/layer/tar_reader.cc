// SPDX-License-Identifier: Apache-2.0
// Reading tar ourselves, for two reasons. Strictness: what an image means must not depend on which library, and which
// version of it, reads it; where readers are known to disagree (size in pax and ustar, names given twice, trailing
// data) this one has POSIX's answer or refuses. And cost: content goes from the decompressor into the caller's buffer
// without a copy of it in between. libarchive was the option not taken: a format detector, sixteen formats and a
// history of memory errors for a job of a few hundred lines.
#include "oci/layer/codec.h"
#include "oci/layer/state_bytes.h"
#include "oci/layer/tar.h"
#include "oci/layer/tar_entry.h"
#include "oci/layer/tar_header.h"

#include "jcbuild/error.h"

#include <algorithm>
#include <cstring>

namespace jcb::oci {
namespace {

// Reads of at least this many bytes bypass the buffer, so that large content is not copied twice.
constexpr std::size_t k_direct_bytes = std::size_t{64} << 10;

bool is_zeros(std::string_view bytes) {
  return bytes.empty() || (bytes[0] == '\0' && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace

// The byte stream and the place in the current entry's content.
struct TarReader::State {
  ByteSource source;
  std::string thing;    // the archive
  std::string current;  // the entry's name
  std::vector<char> buffer = std::vector<char>(k_chunk_bytes);
  std::size_t begin = 0, end = 0;              // what the buffer holds
  std::map<std::string, std::string> globals;  // pax type g

  std::vector<SparseExtent> extents;  // of the current content
  std::size_t extent = 0;
  std::uint64_t position = 0, size = 0;        // in the expanded content
  std::uint64_t stored_left = 0, padding = 0;  // in the archive

  [[noreturn]] void fail(std::string_view cause) const { throw Error(ErrorKind::invalid, where() + ": " + std::string(cause)); }

  std::string where() const { return current.empty() ? thing : name_tar_entry(thing, current); }

  std::size_t take(char* out, std::size_t wanted) {
    std::size_t done = 0;
    while (done < wanted) {
      const std::size_t part = std::min(wanted - done, end - begin);
      if (part > 0) std::memcpy(out + done, buffer.data() + begin, part);
      begin += part;
      done += part;
      if (done == wanted) break;
      if (wanted - done >= k_direct_bytes) return done + source(out + done, wanted - done);
      if (!refill()) break;
    }
    return done;
  }

  bool refill() {
    begin = 0;
    end = source(buffer.data(), buffer.size());
    return end > 0;
  }

  void take_all(char* out, std::size_t wanted) {
    if (take(out, wanted) != wanted) fail("the archive is truncated");
  }

  void skip(std::uint64_t count) {
    while (count > 0) {
      if (begin == end && !refill()) fail("the archive is truncated");
      const std::uint64_t part = std::min<std::uint64_t>(count, end - begin);
      begin += part;
      count -= part;
    }
  }

  // The next block; nothing at the end of the input.
  bool read_block(TarBlock& block) {
    const std::size_t got = take(block.data(), block.size());
    if (got != 0 && got != block.size()) fail("the archive is truncated");
    return got != 0;
  }

  void finish_entry() {
    skip(stored_left + padding);
    stored_left = padding = size = position = 0;
    current.clear();
  }

  // Stops at the end marker; the checksum of anything else is good.
  bool read_header(TarBlock& block) {
    if (!read_block(block)) fail("the archive is truncated: it has no end marker");
    if (is_zeros({block.data(), block.size()})) {
      if (read_block(block) && !is_zeros({block.data(), block.size()})) fail("a lone zero block between entries");
      return false;
    }
    if (!has_good_checksum(block)) fail("bad header checksum");
    return true;
  }

  std::string read_extension(const TarBlock& block, std::uint64_t limit, const char* what) {
    const auto length = parse_tar_number(field_of(block, k_size));
    if (!length || *length < 0) fail(std::string("bad size of a ") + what);
    if (static_cast<std::uint64_t>(*length) > limit) fail(std::string("a ") + what + " is larger than " + std::to_string(limit) + " bytes");
    std::string content(static_cast<std::size_t>(*length), '\0');
    take_all(content.data(), content.size());
    skip(tar_padding(content.size()));
    return content;
  }

  void read_long_name(const TarBlock& block, const TarLimits& limits, std::optional<std::string>& name) {
    if (name) fail("two GNU long names for one entry");
    name = read_extension(block, limits.long_name_bytes, "GNU long name");
    name->resize(std::min(name->find('\0'), name->size()));
    if (name->empty()) fail("an empty GNU long name");
  }

  // Takes an extension header; false when `block` is an entry's own header.
  bool read_prelude(const TarBlock& block, const TarLimits& limits, EntryPrelude& prelude) {
    const char type = block[k_type_offset];
    if (type == 'L') return read_long_name(block, limits, prelude.long_name), true;
    if (type == 'K') return read_long_name(block, limits, prelude.long_link_name), true;
    if (type != 'x' && type != 'g') return false;
    auto records = parse_pax_records(read_extension(block, limits.pax_bytes, "pax header"), thing);
    if (type == 'g') return apply_global_records(records, globals, limits, thing), true;
    if (prelude.records) fail("two pax headers for one entry");
    prelude.records = std::move(records);
    return true;
  }

  void begin_content(StoredEntry& stored, const TarLimits& limits, const TarBlock& block) {
    current = stored.entry.name;
    stored_left = stored.stored_bytes;
    padding = tar_padding(stored_left);
    position = extent = 0;
    size = stored.entry.size_bytes;
    if (stored.sparse == SparseForm::old_gnu && block[k_sparse_extended_offset] != 0) read_more_sparse(stored, limits);
    if (stored.sparse == SparseForm::in_content) read_sparse_map(stored, limits);
    if (stored.sparse != SparseForm::none) {
      check_sparse_map(stored.extents, size, stored_left, where());
      extents = std::move(stored.extents);
      return;
    }
    extents.assign(1, {0, size});
  }

  void read_more_sparse(StoredEntry& stored, const TarLimits& limits) {
    TarBlock more;
    do {
      if (!read_block(more)) fail("the archive is truncated");
      append_old_sparse({more.data(), k_more_sparse_offset}, stored.extents, limits, where());
    } while (more[k_more_sparse_offset] != 0);
  }

  void read_sparse_map(StoredEntry& stored, const TarLimits& limits) {
    SparseMapReader map(limits, where());
    TarBlock block;
    do {
      if (stored_left < block.size()) fail("malformed sparse map");
      take_all(block.data(), block.size());
      stored_left -= block.size();
    } while (!map.add({block.data(), block.size()}));
    stored.extents = map.extents();
  }

  // Moves to the extent that ends behind `position` and returns how many zeros come before its data.
  std::uint64_t hole_here() {
    while (extent < extents.size() && extents[extent].offset + extents[extent].size <= position) ++extent;
    const std::uint64_t next = extent < extents.size() ? extents[extent].offset : size;
    return next > position ? next - position : 0;
  }

  std::uint64_t left_in_extent() const { return extents[extent].offset + extents[extent].size - position; }

  // Large content goes from the source into the caller's buffer; what is here already, or small, is shown where it is.
  std::string_view take_run(char* out, std::size_t wanted) {
    const std::uint64_t left = left_in_extent();
    if (begin == end && left >= k_direct_bytes) {
      const std::size_t got = source(out, static_cast<std::size_t>(std::min<std::uint64_t>(wanted, left)));
      if (got == 0) fail("the archive is truncated");
      return {out, got};
    }
    if (begin == end && !refill()) fail("the archive is truncated");
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left, end - begin));
    begin += part;
    return {buffer.data() + begin - part, part};
  }

  std::size_t read_data(char* out, std::size_t wanted) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, left_in_extent()));
    take_all(out, part);
    stored_left -= part;
    return part;
  }
};

TarReader::TarReader(ByteSource source, std::string thing, TarLimits limits)
    : m_source(std::move(source)), m_thing(std::move(thing)), m_limits(limits), m_state(std::make_shared<State>()) {
  m_state->source = m_source;
  m_state->thing = m_thing;
}

std::optional<TarEntry> TarReader::next() {
  m_state->finish_entry();
  EntryPrelude prelude;
  TarBlock block;
  do {
    if (!m_state->read_header(block)) {
      if (!prelude.empty()) m_state->fail("an extension header without an entry");
      return std::nullopt;
    }
  } while (m_state->read_prelude(block, m_limits, prelude));
  StoredEntry stored = make_stored_entry(block, std::move(prelude), m_state->globals, m_limits, m_thing);
  m_state->begin_content(stored, m_limits, block);
  return std::move(stored.entry);
}

std::size_t TarReader::read(char* buffer, std::size_t size) {
  State& state = *m_state;
  std::size_t done = 0;
  while (done < size && state.position < state.size) {
    const std::uint64_t hole = state.hole_here();
    const auto zeros = static_cast<std::size_t>(std::min<std::uint64_t>(hole, size - done));
    if (zeros > 0) std::memset(buffer + done, 0, zeros);
    const std::size_t part = zeros > 0 ? zeros : state.read_data(buffer + done, size - done);
    state.position += part;
    done += part;
  }
  return done;
}

std::string_view TarReader::read_run(char* buffer, std::size_t size) {
  State& state = *m_state;
  if (state.position >= state.size || state.hole_here() > 0) return {buffer, read(buffer, size)};
  const std::string_view run = state.take_run(buffer, size);
  state.position += run.size();
  state.stored_left -= run.size();
  return run;
}

std::uint64_t TarReader::skip_hole() {
  if (m_state->position >= m_state->size) return 0;
  const std::uint64_t hole = m_state->hole_here();
  m_state->position += hole;
  return hole;
}

std::uint64_t TarReader::position() const noexcept { return m_state->position; }

std::size_t TarReader::buffered() const noexcept { return m_state->end - m_state->begin; }

std::string TarReader::save() const {
  const State& state = *m_state;
  StateWriter writer;
  writer.text(state.current);
  writer.text({state.buffer.data() + state.begin, state.end - state.begin});
  for (const auto number : {state.position, state.size, state.stored_left, state.padding}) writer.number(number);
  writer.number(state.globals.size());
  for (const auto& [key, value] : state.globals) {
    writer.text(key);
    writer.text(value);
  }
  writer.number(state.extents.size());
  for (const auto& extent : state.extents) {
    writer.number(extent.offset);
    writer.number(extent.size);
  }
  return writer.take();
}

void TarReader::load(std::string_view bytes) {
  State& state = *m_state;
  StateReader reader(bytes);
  state.current = reader.text();
  const std::string_view ahead = reader.text();
  if (ahead.size() > state.buffer.size()) throw Error(ErrorKind::invalid, "a saved state has more than a buffer");
  std::copy(ahead.begin(), ahead.end(), state.buffer.begin());
  state.begin = 0;
  state.end = ahead.size();
  for (auto* number : {&state.position, &state.size, &state.stored_left, &state.padding}) *number = reader.number();
  for (auto left = reader.number(); left > 0; --left) {
    const std::string key(reader.text());
    state.globals[key] = reader.text();
  }
  state.extents.clear();
  for (auto left = reader.number(); left > 0; --left) {
    const auto offset = reader.number();
    state.extents.push_back({offset, reader.number()});
  }
  state.extent = 0;
}

void TarReader::expect_end() {
  m_state->current.clear();
  do {
    const std::string_view rest(m_state->buffer.data() + m_state->begin, m_state->end - m_state->begin);
    if (!is_zeros(rest)) m_state->fail("data after the end marker");
  } while (m_state->refill());
}

}  // namespace jcb::oci
