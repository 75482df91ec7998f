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

/// One FROM of a file, its image expanded with global ARGs.
struct StageName {
  std::string image;
  std::string name;  ///< AS name, or empty
  dockerfile::Position position;
};

/// The stages of a file in order. Throws Error naming the place.
std::vector<StageName> list_stages(const SourceFile& file, const std::map<std::string, std::string>& build_args);

/// "FILE:LINE:COLUMN".
std::string place_name(const SourceFile& file, const dockerfile::Position& position);

}  // namespace jcb::build
