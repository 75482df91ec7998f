// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "build/stage.h"
#include "util/root.h"

namespace jcb::build {

/// How the permission bits of context files are taken.
enum class ModePolicy {
  as_is,       ///< as the files have them
  normalised,  ///< 0755 for directories and what its owner may execute, else 0644: what git keeps, whatever the umask of
               ///< the checkout was
};

/// The files that COPY may take, held as a Root: no name or link in it reaches outside.
class Context {
 public:
  Context(util::Root root, ModePolicy modes) : m_root(std::move(root)), m_modes(modes) {}

  /// The sources that one COPY argument names: `*`, `?` and `[...]` match within a component, as Go's filepath.Match.
  /// Throws Error(not_found) when nothing matches, naming the nearest entries.
  std::vector<CopySource> match(const std::string& pattern) const;

  const util::Root& root() const noexcept { return m_root; }
  /// The permission bits that a file with `mode` gets in the image.
  std::uint32_t image_mode(std::uint32_t mode) const noexcept;

 private:
  std::vector<std::string> expand(const std::string& pattern) const;
  util::Root m_root;
  ModePolicy m_modes;
};

}  // namespace jcb::build
