// SPDX-License-Identifier: Apache-2.0
// What copying does to the destination, one entry at a time. Names are taken relative to a held directory and never
// followed.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>

#include "build/context.h"
#include "build/file_mode.h"
#include "util/fd.h"
#include "util/owner_records.h"
#include "util/root.h"

namespace jcb::build {

/// A numeric owner.
struct CopyOwner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

/// Owner, mode, xattrs and times that copies get.
class CopyMetadata {
 public:
  /// `owner`: of --chown; nothing: the source's where the context keeps owners, else root. Borrows the context.
  /// Owners go into `records` where it is not null.
  CopyMetadata(const Context& context, std::optional<CopyOwner> owner, std::optional<ModeChange> mode,
               util::OwnerRecords* records = nullptr)
      : m_context(context), m_owner(owner), m_mode(std::move(mode)), m_records(records) {}

  /// Who owns what is made without a source.
  CopyOwner owner() const noexcept { return m_owner.value_or(CopyOwner{}); }
  /// Makes missing directories of the destination, and says whether `path` itself is new.
  bool make_directories(const util::Root& merged, const std::string& path) const;
  /// To a regular file or directory; `from` is its open source.
  void apply(int fd, int from, const struct stat& source, const std::string& path) const;
  /// Only the mode.
  void apply_mode(int fd, const struct stat& source, const std::string& path) const;
  /// Only the times.
  void apply_times(int fd, const struct stat& source, const std::string& path) const;
  /// To a symbolic link.
  void apply_to_link(int directory, const std::string& name, const struct stat& source, const std::string& path) const;
  /// To a device, FIFO or what stands for a socket.
  void apply_to_node(const util::Root& directory, const std::string& name, const struct stat& source, const std::string& path) const;

 private:
  CopyOwner owner_of(const struct stat& source) const noexcept;
  std::uint32_t mode_of(const struct stat& source) const noexcept;
  void copy_xattrs(int fd, int from, const std::string& path) const;

  const Context& m_context;
  std::optional<CopyOwner> m_owner;
  std::optional<ModeChange> m_mode;
  util::OwnerRecords* m_records;
};

/// Removes a file or link that is in the way of a file. Throws Error(refused) for a directory.
void clear_for_file(const util::Root& directory, const std::string& name, const std::string& path);
/// Opens the directory of that name, made when missing. Throws Error(refused) for anything else, a link too.
util::Root open_or_make_directory(const util::Root& directory, const std::string& name, const std::string& path);
/// A new empty file, open for writing.
util::Fd make_file(const util::Root& directory, const std::string& name, const std::string& path);
/// Copies all content; holes stay holes.
void copy_content(int from, int to, const std::string& path);
/// Makes a device or FIFO like the source; for a socket, an empty file, as BuildKit does.
void make_node(const util::Root& directory, const std::string& name, const struct stat& source, const std::string& path);
/// Whether two looks at a file saw the same size and time.
bool has_same_content(const struct stat& before, const struct stat& after) noexcept;

}  // namespace jcb::build
