// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "api/parts.h"
#include "build/source_file.h"
#include "build/source_trees.h"
#include "build/stages.h"
#include "jcbuild/build.h"

namespace jcb::api {

/// Throws where the context cannot be what it should be, before anything is begun.
void check_contexts(const BuildRequest& request);

/// Everything that a build reads: the Dockerfile, the main context and the named ones, brought here and opened.
class BuildContexts {
 public:
  /// Needs Parts::isolate. Throws Error.
  BuildContexts(Session::Parts& parts, const BuildRequest& request);

  const build::SourceFile& dockerfile() const noexcept { return *m_dockerfile; }
  const std::map<std::string, build::SourceTree>& trees() const noexcept { return m_trees; }
  const build::NamedContexts& named() const noexcept { return m_named; }
  bool has_main() const { return m_trees.count("") != 0; }

 private:
  std::optional<build::SourceFile> m_dockerfile;
  std::map<std::string, build::SourceTree> m_trees;
  build::NamedContexts m_named;
};

}  // namespace jcb::api
