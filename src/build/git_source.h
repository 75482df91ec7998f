// SPDX-License-Identifier: Apache-2.0
// Git repositories for ADD and for contexts. First the ref is resolved to a commit (one ls-remote, none when a commit is
// named), which is what a step key needs; the files are fetched only when the step really runs.
//
// Fetching: the commit alone, without history. Servers that give no single commits (dumb HTTP; protocol 0) are asked for
// the ref, then for everything.
//
// Submodules are fetched unless `submodules` says no, as BuildKit does: a Dockerfile that is built elsewhere must give the
// same files here, and an empty directory would be a silent difference. The same protocols and rules hold for them; what
// has made them dangerous (hooks, update commands, local paths) is switched off or refused by the git that is run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "build/git_command.h"
#include "build/git_url.h"

namespace jcb::build {

/// What a ref stands for now.
struct GitCommit {
  std::string id;          ///< the commit: 40 or 64 hexadecimal digits
  std::string ref;         ///< the full name of the ref, "refs/tags/v1"; empty when a commit was named
  std::string tag_object;  ///< the object of an annotated tag, else empty
};

/// What to take.
struct GitOptions {
  bool keep_git_dir = false;  ///< ADD --keep-git-dir; what the URL says wins. Only for a whole tree, as in BuildKit
  bool submodules = true;     ///< what the URL says wins
  std::string checksum;       ///< ADD --checksum: what the commit or tag must start with; the URL's must agree
  GitAccess access;
};

/// A checked out tree.
struct GitCheckout {
  std::filesystem::path tree;  ///< the files, the subdirectory already taken
  std::string commit;
  std::int64_t modified = 0;  ///< the commit's time; all files have it
};

/// Asks the server what `url` stands for; `directory` is a private directory for git's own files. Throws Error: not_found
/// when there is no such ref, invalid when it is another commit than the checksum says, failed with git's words.
GitCommit resolve_git_ref(const GitUrl& url, const std::filesystem::path& directory, const GitOptions& options = {});

/// Fetches `commit` and checks it out below `directory`, a private directory in which nothing was checked out yet.
GitCheckout check_out(const GitUrl& url, const GitCommit& commit, const std::filesystem::path& directory, const GitOptions& options = {});

/// What a step key needs to know: remote, commit, subdirectory, flags, and what else a kept .git would show.
std::vector<std::string> git_key_fields(const GitUrl& url, const GitCommit& commit, const GitOptions& options = {});

}  // namespace jcb::build
