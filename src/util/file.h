// SPDX-License-Identifier: Apache-2.0
// Whole-file helpers for trusted paths (our own state, files the user named) and the two ways to make files appear.
#pragma once

#include "util/fd.h"
#include "util/root.h"

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace jcb::util {

/// The content of a trusted regular file, at most `limit_bytes`. Throws Error naming the path.
std::string read_file(const std::filesystem::path& path, std::uint64_t limit_bytes);
/// As read_file, but nothing when the file does not exist.
std::optional<std::string> find_file(const std::filesystem::path& path, std::uint64_t limit_bytes);

/// A file that becomes visible under its name all at once, or never.
/// Written under a temporary name in the same directory; `commit` flushes it, renames it and flushes the directory, in
/// that order (a record must not survive a power cut without its data). Destroyed without commit, it leaves nothing.
class AtomicFile {
 public:
  /// Prepares `name` in `directory` with permission bits `mode` (umask does not apply). Throws Error(system).
  AtomicFile(const Root& directory, std::string name, mode_t mode = 0600);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  int fd() const noexcept { return m_file.get(); }
  void write(std::string_view bytes) { write_all(m_file.get(), bytes, m_name); }
  /// Makes the content visible, replacing any earlier file of that name. Throws Error(system); then nothing changed.
  void commit();

 private:
  Fd m_directory;
  std::string m_name;
  std::string m_temporary;
  Fd m_file;
  bool m_committed = false;
};

/// AtomicFile in one call. Throws Error(system).
void write_file_atomically(const Root& directory, const std::string& name, std::string_view content, mode_t mode = 0600);

/// A directory with an unguessable name, removed with all content when the object goes. Mode 0700.
class TempDir {
 public:
  /// Makes it below `parent`. Throws Error(system).
  explicit TempDir(const std::filesystem::path& parent, std::string_view prefix = "tmp-");
  ~TempDir();
  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&&) = delete;

  const std::filesystem::path& path() const noexcept { return m_path; }
  Root root() const { return Root::open(m_path); }
  /// The directory stays (it was renamed away, or is to be looked at).
  void keep() noexcept { m_path.clear(); }

 private:
  std::filesystem::path m_path;
};

/// Copies all bytes from one open file to another from their current offsets: reflink or copy_file_range(2) where the
/// file system can, else read and write. Returns the bytes copied. Throws Error(system) naming `thing`.
std::uint64_t copy_bytes(int from_fd, int to_fd, std::string_view thing);

/// Waits until the clock that file systems stamp files with has moved on (at most a few milliseconds): what is changed
/// after that has another time than what was changed before.
void wait_for_clock_tick();

/// A string of 16 random hexadecimal digits (getrandom(2)); for temporary names only, never in outputs.
std::string random_token();

}  // namespace jcb::util
