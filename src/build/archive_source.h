// SPDX-License-Identifier: Apache-2.0
// Archives as sources: what ADD extracts, and contexts that come as a tar or through standard input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "util/owner_records.h"
#include "util/root.h"

namespace jcb::build {

/// Whether a regular file of a tree is a tar with at least one entry, plain or compressed; told by content, never by name.
bool is_archive(const util::Root& root, const std::string& path);

/// Extracts an open archive into a directory of an image. Owners are the archive's, or `owner` for everything. An entry
/// for the directory itself changes nothing. Throws Error(invalid, system).
void extract_archive(int fd, const util::Root& target, const std::optional<std::pair<std::uint32_t, std::uint32_t>>& owner,
                     const std::string& thing, util::OwnerRecords* records = nullptr);

/// Unpacks a tar, plain or compressed, from a file or pipe into an empty directory of ours that then is a context: all
/// files belong to us. Throws Error(invalid, system).
void unpack_context(int fd, const util::Root& directory);

/// What `-` as a context turned out to be.
struct StandardInput {
  bool is_archive = false;  ///< a tar: it has been unpacked into the directory
  std::string dockerfile;   ///< else: the text of the Dockerfile, whose context is empty
};

/// Reads a file or pipe to its end: a tar goes into the empty `directory`, anything else is the text of a Dockerfile, as
/// docker has it. A pipe passes through an unnamed file of `directory` on its way. Throws Error(invalid) when it is
/// neither (text with a NUL, more than 4 MiB).
StandardInput read_standard_input(int fd, const util::Root& directory);

}  // namespace jcb::build
