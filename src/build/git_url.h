// SPDX-License-Identifier: Apache-2.0
// The forms in which ADD and the context argument name a git repository, as BuildKit reads them:
//
//   https://HOST/PATH.git        also http; without `.git` at the end of the path it is a file
//   ssh://USER@HOST[:PORT]/PATH
//   USER@HOST:PATH               scp's form
//   followed by [?KEY=VALUE&…][#[REF][:SUBDIR]]
//
// Keys: ref, branch, tag, commit or checksum, subdir, keep-git-dir, submodules; and mtime=commit and fetch-by-commit, which
// say what is always done here. The git protocol is refused: nobody vouches for what comes over it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jcb::build {

/// A repository and what to take of it. All parts are decoded and checked: none can be taken for an option by git.
struct GitUrl {
  std::string remote;     ///< what git is told: no fragment, query or password
  std::string user_info;  ///< of an http(s) URL, as written; secret
  std::string host;
  std::string ref;                               ///< as given: a branch, tag, full ref or commit; empty is the default branch
  std::string checksum;                          ///< what the commit must start with; empty is anything
  std::string subdir;                            ///< empty is the whole tree
  std::optional<bool> keep_git_dir, submodules;  ///< absent: not said in the URL

  /// Whether an unencrypted protocol is used.
  bool is_plain_http() const { return remote.starts_with("http://"); }
  bool is_ssh() const { return !remote.starts_with("http"); }
  /// The last component of the path without `.git`.
  std::string short_name() const;
  bool operator==(const GitUrl&) const = default;
};

/// Nothing when `text` names no git repository (a file's URL, a local path). Throws Error(invalid) or Error(refused) when
/// it does but is malformed or dangerous.
std::optional<GitUrl> parse_git_url(std::string_view text);

/// The same for a context argument, where also `github.com/USER/REPOSITORY` stands for its https URL.
std::optional<GitUrl> parse_git_context(std::string_view text);

/// Whether `text` is a whole object name: 40 or 64 lower-case hexadecimal digits.
bool is_commit_id(std::string_view text);

}  // namespace jcb::build
