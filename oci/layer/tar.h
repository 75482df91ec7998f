// SPDX-License-Identifier: Apache-2.0
// Tar as layers need it (POSIX.1-2017 pax, ustar; GNU long names and sparse files on reading).
#pragma once

#include "oci/layer/compress.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jcb::oci {

enum class EntryType { file, hard_link, symbolic_link, character_device, block_device, directory, fifo };

/// One tar entry's metadata. Names are bytes, exactly as in the archive (no `./` removal, no trailing-slash removal
/// beyond what `type` says).
struct TarEntry {
  std::string name;
  std::string link_name;
  EntryType type = EntryType::file;
  std::uint32_t mode = 0;  ///< permission bits, 07777
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t size_bytes = 0;  ///< of the content (files only); the expanded size of a sparse file
  std::int64_t mtime_s = 0;
  std::uint32_t mtime_ns = 0;
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::map<std::string, std::string> xattrs;  ///< from SCHILY.xattr.*
  bool operator==(const TarEntry&) const = default;
};

/// Writes a reproducible tar: ustar headers, a pax header only where a value does not fit, no user or group names, no
/// times but mtime. The bytes are a function of the entries alone.
class TarWriter {
 public:
  explicit TarWriter(ByteSink sink) : m_sink(std::move(sink)) {}
  /// Starts an entry; a file's content follows by `content` calls that add up to its size. Throws Error(invalid) for
  /// what tar cannot hold and std::logic_error when the last entry is not complete.
  void entry(const TarEntry& entry);
  void content(std::string_view bytes);
  /// Two zero blocks. Call once.
  void finish();

 private:
  void pad();
  ByteSink m_sink;
  std::uint64_t m_missing_bytes = 0;
  std::uint64_t m_padding_bytes = 0;
};

struct TarLimits {
  std::uint64_t pax_bytes = std::uint64_t{1} << 20;
  std::uint64_t long_name_bytes = std::uint64_t{64} << 10;
  std::size_t path_bytes = 4096;
  std::size_t sparse_entries = 65536;
  std::size_t xattr_bytes = std::size_t{64} << 10;
  std::size_t xattr_count = 1000;
  std::uint64_t file_bytes = std::uint64_t{1} << 40;
};

/// Reads bytes: fills the buffer, fewer only at the end.
using ByteSource = std::function<std::size_t(char* buffer, std::size_t size)>;

/// Reads a tar strictly: bad checksums, sizes, numbers, truncation and exceeded limits are Error(invalid) that names the
/// entry. pax beats ustar for every field (also size, CVE-2025-62518). Bounded memory. Content is skipped for hard links
/// that have some; other entries than files and hard links have none, whatever their size field says (as POSIX has it).
class TarReader {
 public:
  TarReader(ByteSource source, std::string thing, TarLimits limits = {});
  /// The next entry, or nothing at the end (two zero blocks, or one followed by the end of input). What is left of the
  /// last entry's content is skipped.
  std::optional<TarEntry> next();
  /// Content of the current entry; fewer bytes than asked only at its end. Holes of sparse files read as zeros.
  std::size_t read(char* buffer, std::size_t size);
  /// The same without a copy: some of the content, in `buffer` or in the reader's own, valid until the next call of any
  /// member; empty only at the end.
  std::string_view read_run(char* buffer, std::size_t size);
  /// When a hole of a sparse file is next, steps over it and returns its length; 0 where data or the end is next.
  std::uint64_t skip_hole();
  /// Reads what follows the end marker and throws Error(invalid) unless it is zeros.
  void expect_end();

  /// How far the current content was read, and how much of the archive was read ahead of everything that was asked for.
  std::uint64_t position() const noexcept;
  std::size_t buffered() const noexcept;
  /// The place in the archive with all that the reader knows of it; what was read ahead is part of it.
  std::string save() const;
  /// Goes on at a saved place; the source gives what comes after all that was read. Throws Error(invalid) for what `save`
  /// cannot have given.
  void load(std::string_view state);

 private:
  ByteSource m_source;
  std::string m_thing;
  TarLimits m_limits;
  struct State;
  std::shared_ptr<State> m_state;
};

}  // namespace jcb::oci
