// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "build/copy.h"
#include "build/stage.h"
#include "store/store.h"

namespace jcb::build {

/// Fetches what ADD takes from addresses. Thread-safe.
class RemoteSources {
 public:
  /// What names the content: digest and name of a file (downloaded when it is not here yet), commit of a repository.
  std::optional<std::string> identity(const PlannedSource& source);
  /// The files themselves, put into an empty directory of ours.
  CopyArgument open(const PlannedSource& source, const std::filesystem::path& directory);
};

}  // namespace jcb::build
