// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "build/source_file.h"
#include "build/stage.h"
#include "build/variables.h"

namespace jcb::build {

/// `--build-context NAME=…`: what stands in for images and stages of that name.
struct NamedContexts {
  std::set<std::string> directories;
  std::map<std::string, std::string> images;  ///< name -> image name
};

/// A FROM line and the instructions that follow it.
struct StageDefinition {
  std::string name;   ///< AS name, lower case, or empty
  std::string image;  ///< expanded
  std::optional<oci::Platform> platform;
  std::size_t begin = 0;  ///< position of FROM among the file's instructions
  std::size_t end = 0;
};

/// The stages of a file and how they hang together. Borrows what it is made of.
class StageList {
 public:
  /// Declares the global ARGs in `scope` and expands every FROM. Throws Error(invalid) naming the place.
  StageList(const SourceFile& file, GlobalScope& scope, const NamedContexts& contexts);

  const std::vector<StageDefinition>& all() const noexcept { return m_stages; }
  /// The stage that --target names (by name or number; empty: the last). Throws Error(not_found) with the nearest names.
  std::size_t find_target(const std::string& name) const;
  /// What `name` means in stage `stage`: a named context, an earlier stage, or else an image.
  Origin resolve(const std::string& name, std::size_t stage) const;
  /// The stage that `stage` stands on, or nothing when that is an image.
  std::optional<std::size_t> parent(std::size_t stage) const;
  /// The image at the root of a stage's FROM chain.
  std::string root_image(std::size_t stage) const;
  /// `target` and everything it needs, in the order of the file.
  std::set<std::size_t> find_needed(std::size_t target) const;

 private:
  std::vector<std::size_t> direct_needs(std::size_t stage) const;
  StageDefinition parse_from(const dockerfile::Instruction& instruction, const GlobalScope& scope) const;

  const SourceFile& m_file;
  const NamedContexts& m_contexts;
  std::vector<StageDefinition> m_stages;
};

}  // namespace jcb::build
