// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "build/copy.h"
#include "build/git_source.h"
#include "build/remote_file.h"
#include "build/stage.h"
#include "store/store.h"

namespace jcb::build {

/// How files and repositories are asked for.
struct RemoteAccess {
  oci::HttpClient* http = nullptr;  ///< borrowed; nothing: no build takes anything from elsewhere
  GitAccess git;
};

/// Fetches what ADD takes from addresses, each once. Thread-safe.
class RemoteSources {
 public:
  /// Borrows the store. `make_directory` gives fresh directories that live as long as this object.
  RemoteSources(const store::Store& store, RemoteAccess access, std::function<std::filesystem::path()> make_directory);

  /// What names the content: name and digest of a file (downloaded when it is not here yet), commit of a repository.
  /// Throws Error(failed, invalid) naming the address without its password.
  std::string identity(const PlannedSource& source);
  /// The files themselves.
  CopyArgument open(const PlannedSource& source);

 private:
  RemoteFile fetch(const PlannedSource& source);
  CopyArgument open_file(const PlannedSource& source);
  CopyArgument open_repository(const PlannedSource& source);
  GitOptions git_options(const PlannedSource& source) const;
  const GitCommit& commit_of(const PlannedSource& source);

  const store::Store& m_store;
  RemoteAccess m_access;
  std::function<std::filesystem::path()> m_make_directory;
  std::mutex m_mutex;
  std::map<std::string, RemoteFile> m_files;   // by address and checksum
  std::map<std::string, GitCommit> m_commits;  // by address
};

}  // namespace jcb::build
