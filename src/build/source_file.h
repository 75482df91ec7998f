// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "dockerfile/instruction.h"
#include "util/root.h"

namespace jcb::build {

/// A parsed Dockerfile and the name that messages give it.
struct SourceFile {
  std::string name;
  dockerfile::Dockerfile parsed;
};

/// Reads and parses a Dockerfile below `root`. Throws Error(not_found), Error(invalid) with file, line and column.
SourceFile read_source_file(const util::Root& root, const std::string& path, std::string name);
/// The same for a trusted path that the user gave.
SourceFile read_source_file(const std::filesystem::path& path);
/// The same for a text that is here already.
SourceFile parse_source_file(std::string_view text, std::string name);

/// The largest Dockerfile that is read.
inline constexpr std::uint64_t k_max_dockerfile_bytes = std::uint64_t{4} << 20;

/// "FILE:LINE:COLUMN".
std::string place_name(const SourceFile& file, const dockerfile::Position& position);

}  // namespace jcb::build
