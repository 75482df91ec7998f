// SPDX-License-Identifier: Apache-2.0
#include "build/copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <optional>

#include "build/archive_source.h"
#include "build/copy_paths.h"
#include "build/copy_target.h"
#include "build/file_mode.h"
#include "build/tree_walk.h"
#include "jcbuild/error.h"
#include "sandbox/users.h"
#include "util/hash.h"
#include "util/text.h"

namespace jcb::build {
namespace {

bool is_number(const std::string& text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos; }

// --chown as an owner. A number without a group is the group as well; a name brings its own.
std::optional<CopyOwner> find_owner(const util::Root& merged, const std::string& chown) {
  if (chown.empty()) return std::nullopt;
  const auto identity = sandbox::find_user(merged, is_number(chown) ? chown + ":" + chown : chown).identity;
  return CopyOwner{identity.uid, identity.gid};
}

bool is_directory(const util::Root& merged, const std::string& path) {
  const auto status = merged.find_stat(path.empty() ? "." : path, util::Follow::yes);
  return status && S_ISDIR(status->st_mode);
}

// Copies one source: keeps the open directories of the destination that belong to the walk's way down.
class TreeCopy final : public TreeVisitor {
 public:
  /// `keep_existing`: directories that are there already get the source's mode and nothing else, as BuildKit's --parents.
  TreeCopy(const util::Root& merged, const Context& context, const CopyMetadata& metadata, std::string destination, bool keep_existing)
      : m_merged(merged), m_context(context), m_metadata(metadata), m_destination(std::move(destination)), m_keep_existing(keep_existing) {}

  void visit(const TreeEntry& entry) override {
    stamp_entry(m_stamp, entry);
    if (S_ISDIR(entry.status.st_mode)) return enter(entry);
    const Place at = place(entry);
    clear_for_file(at.directory(), at.name, at.path);
    const mode_t type = entry.status.st_mode & S_IFMT;
    if (type == S_IFLNK) return copy_link(entry, at);
    if (type == S_IFREG) return copy_file(entry, at);
    copy_node(entry, at);
  }

  void leave(const TreeEntry& entry) override {
    const Level level = std::move(m_levels.back());
    m_levels.pop_back();
    // The destination itself is the image's, only what is below it is the source's.
    if (!entry.relative.empty() && m_keep_existing && !level.made) {
      m_metadata.apply_mode(level.directory.fd(), entry.status, level.path);
    } else if (!entry.relative.empty()) {
      const util::Fd from = open_source(entry, O_RDONLY | O_DIRECTORY);
      m_metadata.apply(level.directory.fd(), from.get(), entry.status, level.path);
    } else if (level.made && entry.name != ".") {  // the time of a stage's root is that of its mount
      m_metadata.apply_times(level.directory.fd(), entry.status, level.path);
    }
  }

  std::string stamp() { return m_stamp.hex(); }

 private:
  struct Level {
    util::Root directory;
    std::string path;
    bool made = false;
  };
  // Where an entry goes.
  struct Place {
    std::optional<util::Root> own;       // for a source that is a single file
    const util::Root* parent = nullptr;  // else
    std::string name;
    std::string path;
    const util::Root& directory() const { return own ? *own : *parent; }
  };

  Place place(const TreeEntry& entry) const {
    Place at;
    if (m_levels.empty()) {
      at.own.emplace(m_merged.subroot(parent_of(m_destination).empty() ? "." : parent_of(m_destination)));
      at.name = last_part(m_destination);
      at.path = m_destination;
    } else {
      at.parent = &m_levels.back().directory;
      at.name = last_part(entry.relative);
      at.path = join_path(m_levels.back().path, at.name);
    }
    return at;
  }

  void enter(const TreeEntry& entry) {
    if (entry.relative.empty()) {
      const bool made = m_metadata.make_directories(m_merged, m_destination);
      m_levels.push_back({m_merged.subroot(m_destination.empty() ? "." : m_destination), m_destination, made});
      return;
    }
    const Place at = place(entry);
    const bool made = !at.directory().find_stat(at.name);
    auto directory = open_or_make_directory(at.directory(), at.name, at.path);
    m_levels.push_back({std::move(directory), at.path, made});
  }

  util::Fd open_source(const TreeEntry& entry, int flags) const {
    util::Fd fd(::openat(entry.directory.fd(), entry.name.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat now {};
    if (!fd && errno != ENOENT && errno != ELOOP && errno != ENOTDIR) throw_errno("open", entry.relative);
    if (!fd || ::fstat(fd.get(), &now) != 0 || now.st_ino != entry.status.st_ino || now.st_dev != entry.status.st_dev) throw_changed(entry);
    return fd;
  }

  [[noreturn]] void throw_changed(const TreeEntry& entry) const {
    const std::string path = entry.relative.empty() ? entry.name : entry.relative;
    throw Error(ErrorKind::failed, util::escape_text(path) + " in " + m_context.name() + " was changed while it was copied",
                "run the build again");
  }

  void copy_link(const TreeEntry& entry, const Place& at) {
    const std::string target = entry.directory.read_link(entry.name);
    if (::symlinkat(target.c_str(), at.directory().fd(), at.name.c_str()) != 0) throw_errno("make link", at.path);
    m_metadata.apply_to_link(at.directory().fd(), at.name, entry.status, at.path);
  }

  void copy_file(const TreeEntry& entry, const Place& at) {
    if (link_to_copy(entry, at)) return;
    const util::Fd from = open_source(entry, O_RDONLY);
    const util::Fd to = make_file(at.directory(), at.name, at.path);
    copy_content(from.get(), to.get(), at.path);
    struct stat after {};
    if (::fstat(from.get(), &after) != 0 || !has_same_content(entry.status, after)) throw_changed(entry);
    m_metadata.apply(to.get(), from.get(), entry.status, at.path);
  }

  // Whether this is one more name of a file that has been copied already.
  bool link_to_copy(const TreeEntry& entry, const Place& at) {
    if (entry.status.st_nlink < 2) return false;
    const auto [first, fresh] = m_links.emplace(std::pair(entry.status.st_dev, entry.status.st_ino), at.path);
    if (fresh) return false;
    const auto original = m_merged.place(first->second);
    if (::linkat(original.parent.get(), original.name.c_str(), at.directory().fd(), at.name.c_str(), 0) != 0) throw_errno("link", at.path);
    return true;
  }

  void copy_node(const TreeEntry& entry, const Place& at) const {
    make_node(at.directory(), at.name, entry.status, at.path);
    m_metadata.apply_to_node(at.directory(), at.name, entry.status, at.path);
  }

  const util::Root& m_merged;
  const Context& m_context;
  const CopyMetadata& m_metadata;
  std::string m_destination;
  bool m_keep_existing;
  std::vector<Level> m_levels;
  std::map<std::pair<dev_t, ino_t>, std::string> m_links;
  util::Sha256 m_stamp;
};

// The stamp of a source as it is now.
class Stamp final : public TreeVisitor {
 public:
  void visit(const TreeEntry& entry) override { stamp_entry(m_stamp, entry); }
  void leave(const TreeEntry&) override {}
  std::string hex() { return m_stamp.hex(); }

 private:
  util::Sha256 m_stamp;
};

class Copier {
 public:
  Copier(const util::Root& merged, const CopyRequest& request, util::OwnerRecords* records)
      : m_merged(merged), m_request(request), m_records(records), m_filter(request) {
    m_owner = find_owner(merged, request.chown);
    if (!request.chmod.empty()) m_mode = ModeChange::parse(request.chmod);
    m_destination = resolve_in_root(merged, request.destination);
    m_into_directory = request.destination.ends_with('/') || is_directory(merged, m_destination);
  }

  void run(const std::vector<CopySource>& sources) {
    std::size_t files = 0;
    for (const auto& source : sources) files += source.directory || source.archive ? 0 : 1;
    if (files > 1 && !m_into_directory)
      throw Error(ErrorKind::refused, "several files cannot all become " + util::escape_text(m_request.destination),
                  "end the destination in '/' to make it a directory");
    for (const auto& source : sources) copy(source);
  }

 private:
  void copy(const CopySource& source) {
    const auto& context = *m_request.arguments[source.argument].from;
    const CopyMetadata metadata(context, m_owner, m_mode, m_records);
    if (source.archive) return extract(context, source, metadata);
    const std::string target = source.directory || !m_into_directory ? m_destination : join_path(m_destination, last_part(source.path));
    metadata.make_directories(m_merged, source.directory ? parent_of(m_destination) : parent_of(target));
    TreeCopy copy(m_merged, context, metadata, target, m_request.parents);
    walk_tree(m_filter.selection(source), copy);
    check_unchanged(context, source, copy.stamp());
  }

  static void check_unchanged(const Context& context, const CopySource& source, const std::string& stamp) {
    if (source.stamp.empty() || source.stamp == stamp) return;
    throw Error(ErrorKind::failed, "'" + util::escape_text(source.path) + "' in " + context.name() + " was changed since it was hashed",
                "run the build again");
  }

  // As BuildKit: a directory, whatever the destination ends in, and no --chmod.
  void extract(const Context& context, const CopySource& source, const CopyMetadata& metadata) {
    const util::Fd file = context.root().open_regular(source.resolved);
    make_owned_directories(m_merged, m_destination, metadata.owner().uid, metadata.owner().gid, 0755, m_records);
    std::optional<std::pair<std::uint32_t, std::uint32_t>> owner;
    if (m_owner) owner.emplace(m_owner->uid, m_owner->gid);
    extract_archive(file.get(), m_merged.subroot(m_destination.empty() ? "." : m_destination), owner,
                    "archive " + util::escape_text(source.path), m_records);
    Stamp now;
    walk_tree(m_filter.selection(source), now);
    check_unchanged(context, source, now.hex());
  }

  const util::Root& m_merged;
  const CopyRequest& m_request;
  util::OwnerRecords* m_records;
  CopyFilter m_filter;
  std::optional<CopyOwner> m_owner;
  std::optional<ModeChange> m_mode;
  std::string m_destination;
  bool m_into_directory = false;
};

}  // namespace

void copy_into(const util::Root& merged, const CopyRequest& request, const std::vector<CopySource>& sources, util::OwnerRecords* records) {
  Copier(merged, request, records).run(sources);
}

}  // namespace jcb::build
