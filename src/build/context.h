// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "build/content_cache.h"
#include "dockerfile/ignore.h"
#include "util/owner_table.h"
#include "util/root.h"

namespace jcb::build {

/// How the permission bits of context files are taken.
enum class ModePolicy {
  as_is,       ///< as the files have them
  normalised,  ///< 0755 for directories and what its owner may execute, else 0644: what git keeps, whatever the umask of
               ///< the checkout was.
};

/// What a tree is to COPY.
struct ContextOptions {
  ModePolicy modes = ModePolicy::as_is;
  /// What .dockerignore hides; null: nothing.
  std::shared_ptr<const dockerfile::IgnoreRules> ignore;
  /// Where digests of unchanged files are remembered; null: every file is read.
  std::shared_ptr<ContentCache> digests;
  /// The tree of a stage or image: files keep their owners unless --chown says otherwise, and nobody changes them
  /// meanwhile. A context's files become 0:0.
  bool keep_owners = false;
  /// Whose the files are, where the file system cannot tell (trees of a user with a single id); null: it does.
  std::shared_ptr<const util::OwnerTable> owners;
  /// The times of files mean something: a download's is the server's, a repository's is the commit's.
  bool keep_times = false;
  /// What messages call it.
  std::string name = "the build context";
};

/// The files that COPY may take, held as a Root: no name or link in it reaches outside. What is ignored does not exist.
class Context {
 public:
  explicit Context(util::Root root, ContextOptions options = {}) : m_root(std::move(root)), m_options(std::move(options)) {}

  const util::Root& root() const noexcept { return m_root; }
  const ContextOptions& options() const noexcept { return m_options; }
  const std::string& name() const noexcept { return m_options.name; }

  /// The permission bits that a file with `mode` gets in the image.
  std::uint32_t image_mode(std::uint32_t mode) const noexcept;
  /// Whether files come with the times they have here. Those of a checkout say when it was made, and no key holds them:
  /// two machines would make two layers of the same files.
  bool keeps_times() const noexcept { return m_options.keep_owners || m_options.keep_times; }
  /// Whether files come with their extended attributes (those that layers hold).
  bool keeps_xattrs() const noexcept { return m_options.modes == ModePolicy::as_is; }
  /// Whether .dockerignore hides a path itself; a directory may still be seen for what an exception shows below it.
  bool is_ignored(std::string_view path) const { return m_options.ignore && m_options.ignore->is_ignored(path); }
  /// Whether it hides a directory and all below it.
  bool is_ignored_whole(std::string_view path) const { return is_ignored(path) && m_options.ignore->hides_all_below(path); }

  /// The SHA-256 (hexadecimal) of a regular file, out of the cache when its status is known. `directory` holds it under
  /// `name`; `path` is for messages. Throws Error(failed) when it is no longer what `status` says.
  std::string digest(const util::Root& directory, const std::string& name, const struct stat& status, const std::string& path) const;

 private:
  util::Root m_root;
  ContextOptions m_options;
};

/// Follows all links of `path` inside `root`, the last one too, and returns where that leads: relative, clean, "" for the
/// root itself. What does not exist is taken as written. `on_link` hears the path of each link followed. Throws
/// Error(invalid) after 40 links.
std::string resolve_in_root(const util::Root& root, std::string_view path, const std::function<void(const std::string&)>& on_link = {});

/// The rules for a build: "<dockerfile>.dockerignore" beside the Dockerfile, else ".dockerignore" at the top of the
/// context; null when there is neither. `dockerfile` is a path of this machine that the user gave, or empty; where it is
/// below the context, it is resolved inside it, as all that a context's author may have shaped. Throws Error(invalid)
/// for a file that is no list of patterns.
std::shared_ptr<const dockerfile::IgnoreRules> find_ignore_rules(const util::Root& context, const std::filesystem::path& dockerfile);

}  // namespace jcb::build
