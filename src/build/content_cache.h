// SPDX-License-Identifier: Apache-2.0
// Digests of files of a build context, remembered by what stat(2) says of them, so that an unchanged context costs one
// stat a file and no reading.
//
// One file for each context: a magic line, records of fixed size sorted by device and inode (integers little-endian), and
// the SHA-256 of all before, hexadecimal. It is written whole and renamed; what is torn, or of another version, is no
// cache.
//
//   record  device 8, inode 8, size 8, mtime 8 + 4, ctime 8 + 4, age 1, SHA-256 32
//
// A file that was touched less than two seconds before it was hashed could be changed again without a visible change of
// its times (file systems stamp with a tick of up to 10 ms, FAT with two seconds): it is hashed again next time. git
// calls this a racy index entry. The hundred contexts written last are kept. Entries that sixteen written caches did not use are dropped,
// and the oldest when there are more than half a million (40 MB).
#pragma once

#include <sys/stat.h>
#include <time.h>

#include <array>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "util/root.h"

namespace jcb::build {

/// The remembered digests of one context. Thread-safe.
class ContentCache {
 public:
  /// Loads what `directory` (the store's cache/context) has for the context called `context`, any text that stays the
  /// same from build to build. What cannot be read is as if it were not there.
  ContentCache(std::filesystem::path directory, std::string_view context);
  /// The same by the path of the context. One inside the store (an archive that was unpacked for this build) is new each
  /// time: nothing is kept of it.
  ContentCache(const std::filesystem::path& directory, const util::Root& context);

  /// The SHA-256 (hexadecimal) of a file with this status, or nothing.
  std::optional<std::string> find(const struct stat& status);
  /// Remembers the digest of a file that had `status` before and after it was read, and that was read until `now`
  /// (CLOCK_REALTIME); not if the status is too young to tell a later change.
  void remember(const struct stat& status, std::string_view hex_digest, const timespec& now);

  /// Writes what is new; nothing when nothing is. A cache that cannot be written is only a cache: no error.
  void save();

  /// How many files are remembered.
  std::size_t size() const;
  /// Where it is kept.
  std::filesystem::path path() const { return m_directory / m_name; }

 private:
  struct Key {
    std::uint64_t device = 0, inode = 0;
    auto operator<=>(const Key&) const = default;
  };
  struct Entry {
    std::uint64_t size_bytes = 0;
    std::int64_t mtime_s = 0, ctime_s = 0;
    std::uint32_t mtime_ns = 0, ctime_ns = 0;
    std::uint8_t age = 0;  // written caches since it was last of use
    std::array<unsigned char, 32> digest{};
    bool describes(const struct stat& status) const noexcept;
  };

  static Entry make_entry(const struct stat& status);
  void load();
  std::string encode() const;
  void drop_old();

  std::filesystem::path m_directory;
  std::string m_name;
  mutable std::mutex m_mutex;
  std::map<Key, Entry> m_entries;
  std::vector<Key> m_used;
  bool m_kept = true;
  bool m_changed = false;
};

}  // namespace jcb::build
