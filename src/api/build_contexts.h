// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "api/parts.h"
#include "build/remote_sources.h"
#include "build/source_file.h"
#include "build/source_trees.h"
#include "build/stages.h"
#include "jcbuild/build.h"

namespace jcb::api {

/// Throws where the contexts cannot be what they should be, before anything is begun.
void check_contexts(const BuildRequest& request);

/// Everything that a build reads: the Dockerfile, the main context and the named ones, brought here and opened. A context
/// is a directory, an archive, an address of either or of a git repository, or standard input (an archive or a Dockerfile).
class BuildContexts {
 public:
  /// Borrows the session and what `access` refers to. Throws Error.
  BuildContexts(Session::Parts& parts, const BuildRequest& request, build::RemoteAccess access);

  const build::SourceFile& dockerfile() const noexcept { return *m_dockerfile; }
  const std::map<std::string, build::SourceTree>& trees() const noexcept { return m_trees; }
  const build::NamedContexts& named() const noexcept { return m_named; }
  bool has_main() const { return m_trees.count("") != 0; }
  /// Writes down what was learned about the files, so that the next build need not read them.
  void save_digests();

 private:
  /// Where a context lies, or the Dockerfile that was given in its place.
  struct Place {
    std::filesystem::path directory;
    std::string dockerfile;
  };
  Place find_place(const std::string& text);
  Place take_stdin();
  Place take_file(const std::filesystem::path& file, const std::string& name);
  Place take_address(const std::string& text);
  store::Workspace& workspace();
  void open_tree(const std::string& name, const std::filesystem::path& directory, const std::filesystem::path& dockerfile);
  void read_dockerfile(const Place& place);

  Session::Parts& m_parts;
  const BuildRequest& m_request;
  build::RemoteAccess m_access;
  std::optional<store::Workspace> m_workspace;
  std::optional<build::SourceFile> m_dockerfile;
  std::filesystem::path m_dockerfile_path;  // below the context, for its own ignore file
  std::map<std::string, build::SourceTree> m_trees;
  std::vector<std::shared_ptr<build::ContentCache>> m_digests;
  build::NamedContexts m_named;
};

}  // namespace jcb::api
