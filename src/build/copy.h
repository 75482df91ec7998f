// SPDX-License-Identifier: Apache-2.0
// COPY and ADD in three steps: what they take (select_sources), what of it decides the result (key_fields), and doing it
// (copy_into). The rules are BuildKit's:
//   - a directory gives what it holds, not itself; a file goes into a destination that ends in '/' or is a directory
//   - new directories of the destination have mode 0755 (or --chmod's number) and belong to --chown, else to root; an
//     existing destination stays as it is, but existing directories below it get mode and owner of their sources
//   - links that sources are named by and links in the destination's own path are followed inside their root; links
//     below a source stay links, and are never followed in the destination: a directory does not replace a link or file,
//     and no file replaces a directory
//   - hard links among what one source gives stay hard links; sockets become empty files; files keep their times
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "build/context.h"
#include "util/owner_records.h"
#include "util/root.h"

namespace jcb::build {

/// One source argument of COPY or ADD, expanded.
struct CopyArgument {
  std::shared_ptr<const Context> from;
  std::string path;      ///< as written: a wildcard of Go's filepath.Match; ".." stops at the root
  bool literal = false;  ///< no wildcards: the file of a heredoc, a download, the source of a mount
  bool unpack = false;   ///< ADD: a local tar, plain or compressed with gzip, bzip2, xz or zstd, is extracted
};

/// What one instruction asks for.
struct CopyRequest {
  std::vector<CopyArgument> arguments;
  std::string destination;  ///< absolute and clean; ends in '/' when it must be a directory
  std::string chown;        ///< user[:group], or empty; a number without a group is the group as well
  std::string chmod;        ///< octal or symbolic, or empty
  bool parents = false;     ///< keep the directories of the arguments, from "/./" on where it is written
  std::vector<std::string> excludes;
};

/// One thing that is taken: a directory for what it holds, or a file.
struct CopySource {
  std::size_t argument = 0;  ///< which of the request's
  std::string path;          ///< as found below the context's root; "" is the root. Its last part names the copy of a file.
  std::string resolved;      ///< where it is, once links are followed
  bool directory = false;
  bool archive = false;  ///< to be extracted
  /// Hexadecimal SHA-256 over names, types, modes, links and contents, and over owners and xattrs where they are kept;
  /// never over times, nor over what --chown and --chmod replace.
  std::string content;
  /// Hexadecimal SHA-256 over times and sizes seen; copy_into holds it against what it sees. Empty: not looked at.
  std::string stamp;
};

/// Finds what the arguments mean, in their order, and hashes it. A wildcard may match nothing as long as the instruction
/// takes something. Throws Error(not_found) naming the context, the nearest entries, and the rule that hides the path;
/// Error(invalid) for bad patterns and modes.
std::vector<CopySource> select_sources(const CopyRequest& request);

/// All that decides the result beside the tree that it is copied into.
std::vector<std::string> key_fields(const CopyRequest& request, const std::vector<CopySource>& sources);

/// Copies the selected sources into `merged`, owners looked up there. Throws Error(refused) where file and directory are
/// in each other's way, Error(failed) when a context was changed since it was hashed.
/// Owners go into `records` where it is not null (util::change_owner).
void copy_into(const util::Root& merged, const CopyRequest& request, const std::vector<CopySource>& sources,
               util::OwnerRecords* records = nullptr);

/// Makes a directory with its parents below `merged`; those that are new belong to uid:gid and have `mode`. Links on the
/// way are followed inside the root. Throws Error(refused) when a file is in the way.
void make_owned_directories(const util::Root& merged, const std::string& path, std::uint32_t uid, std::uint32_t gid,
                            std::uint32_t mode = 0755, util::OwnerRecords* records = nullptr);

}  // namespace jcb::build
