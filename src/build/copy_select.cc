// SPDX-License-Identifier: Apache-2.0
// What COPY takes, and its digests.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "build/archive_source.h"
#include "build/copy.h"
#include "build/copy_paths.h"
#include "build/file_mode.h"
#include "build/tree_walk.h"
#include "jcbuild/error.h"
#include "oci/layer/xattr.h"
#include "util/hash.h"
#include "util/text.h"

namespace jcb::build {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

// What of a file's metadata ends up in the image.
struct HashPolicy {
  bool modes = true;
  bool owners = false;
  bool xattrs = false;
};

HashPolicy hash_policy(const CopyRequest& request, const Context& context) {
  const bool absolute = !request.chmod.empty() && ModeChange::parse(request.chmod).absolute().has_value();
  return {!absolute, context.options().keep_owners && request.chown.empty(), context.keeps_xattrs()};
}

class TreeHash final : public TreeVisitor {
 public:
  TreeHash(const Context& context, HashPolicy policy) : m_context(context), m_policy(policy) {}

  void visit(const TreeEntry& entry) override {
    const auto& status = entry.status;
    const auto type = S_ISSOCK(status.st_mode) ? mode_t{S_IFREG} : status.st_mode & S_IFMT;
    m_hash.field(entry.relative).field(number(type));
    if (m_policy.modes) m_hash.field(number(m_context.image_mode(status.st_mode)));
    if (m_policy.owners) m_hash.field(number(status.st_uid)).field(number(status.st_gid));
    if (m_policy.xattrs) add_xattrs(entry);
    if (S_ISLNK(status.st_mode)) m_hash.field(entry.directory.read_link(entry.name));
    if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) m_hash.field(number(status.st_rdev));
    if (S_ISREG(status.st_mode)) add_content(entry);
    stamp_entry(m_stamp, entry);
  }
  void leave(const TreeEntry&) override {}

  std::string content() { return m_hash.hex(); }
  std::string stamp() { return m_stamp.hex(); }

 private:
  void add_xattrs(const TreeEntry& entry) {
    if (!S_ISREG(entry.status.st_mode) && !S_ISDIR(entry.status.st_mode)) return;
    const util::Fd file(::openat(entry.directory.fd(), entry.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) throw_errno("open", entry.relative);
    const auto xattrs = oci::read_layer_xattrs(file.get(), oci::OverlayXattr::user, entry.relative).xattrs;
    m_hash.field(number(xattrs.size()));
    for (const auto& [name, value] : xattrs) m_hash.field(name).field(value);
  }

  void add_content(const TreeEntry& entry) {
    if (entry.status.st_nlink > 1) {
      const auto [first, fresh] = m_links.emplace(std::pair(entry.status.st_dev, entry.status.st_ino), entry.relative);
      if (!fresh) {
        m_hash.field("link").field(first->second);
        return;
      }
    }
    m_hash.field("file").field(
        m_context.digest(entry.directory, entry.name, entry.status, entry.relative.empty() ? entry.name : entry.relative));
  }

  const Context& m_context;
  HashPolicy m_policy;
  util::Sha256 m_hash, m_stamp;
  std::map<std::pair<dev_t, ino_t>, std::string> m_links;
};

class Selector {
 public:
  explicit Selector(const CopyRequest& request) : m_request(request), m_filter(request) {}

  std::vector<CopySource> select() {
    for (std::size_t i = 0; i < m_request.arguments.size(); ++i) select_argument(i);
    return std::move(m_sources);
  }

 private:
  void select_argument(std::size_t index) {
    const auto& argument = m_request.arguments[index];
    if (m_request.parents) return select_parents(index);
    if (argument.literal || !dockerfile::has_wildcards(relative_path(argument.path))) {
      if (!add(index, relative_path(argument.path))) throw_not_found(argument.path, *argument.from);
      return;
    }
    for (const auto& path : expand_wildcards(*argument.from, argument.path)) add_match(index, path);
  }

  // --exclude is matched below a directory; for a file that a wildcard found, with its name, as the reference says.
  void add_match(std::size_t index, const std::string& path) {
    const auto status = m_request.arguments[index].from->root().find_stat(resolve_in_root(m_request.arguments[index].from->root(), path));
    if (!status || (!S_ISDIR(status->st_mode) && m_filter.is_excluded(last_part(path)))) return;
    add(index, path);
  }

  void select_parents(std::size_t index) {
    const auto& argument = m_request.arguments[index];
    const auto pivot = split_pivot(argument.path);
    const bool wild = !argument.literal && dockerfile::has_wildcards(pivot.start);
    const auto starts = wild ? expand_wildcards(*argument.from, pivot.start) : std::vector<std::string>{pivot.start};
    const std::size_t before = m_sources.size();
    for (const auto& start : starts) add(index, start);
    if (m_sources.size() == before && !wild && !dockerfile::has_wildcards(pivot.pattern)) throw_not_found(argument.path, *argument.from);
  }

  // Whether there was anything.
  bool add(std::size_t index, const std::string& path) {
    const auto& context = *m_request.arguments[index].from;
    bool hidden = false;
    CopySource source;
    source.argument = index;
    source.path = path;
    source.resolved = resolve_in_root(context.root(), path, [&](const std::string& link) { hidden = hidden || context.is_ignored(link); });
    const auto status = context.root().find_stat(source.resolved.empty() ? "." : source.resolved);
    if (!status || hidden) return false;
    source.directory = S_ISDIR(status->st_mode);
    if (m_request.parents && (!source.directory || !takes_something(source))) return false;
    if (context.is_ignored(source.resolved) && !(source.directory && is_seen(context, source.resolved))) return false;
    source.archive = m_request.arguments[index].unpack && S_ISREG(status->st_mode) && is_archive(context.root(), source.resolved);
    hash(context, source);
    m_sources.push_back(std::move(source));
    return true;
  }

  // An ignored directory is there when an exception shows something below it.
  static bool is_seen(const Context& context, const std::string& path) {
    TreeSelection selection;
    selection.context = &context;
    selection.start = path;
    return has_visible_entry(selection);
  }

  class Counter final : public TreeVisitor {
   public:
    void visit(const TreeEntry& entry) override { something = something || !entry.relative.empty(); }
    void leave(const TreeEntry&) override {}
    bool something = false;
  };

  bool takes_something(const CopySource& source) const {
    const auto selection = m_filter.selection(source);
    if (selection.include == nullptr) return true;
    Counter counter;
    walk_tree(selection, counter);
    return counter.something;
  }

  void hash(const Context& context, CopySource& source) const {
    TreeHash hash(context, hash_policy(m_request, context));
    walk_tree(m_filter.selection(source), hash);
    source.content = hash.content();
    if (!context.options().keep_owners) source.stamp = hash.stamp();
  }

  [[noreturn]] static void throw_not_found(const std::string& written, const Context& context) {
    std::string message = "'" + util::escape_text(written) + "' is not in " + context.name();
    const std::string path = relative_path(written);
    const auto* rules = context.options().ignore.get();
    const auto* rule = rules != nullptr && context.root().find_stat(path) ? rules->find_hiding_rule(path) : nullptr;
    if (rule != nullptr) {
      message += ": '" + util::escape_text(rule->text) + "' in line " + number(rule->line) + " of " + util::escape_text(rules->name());
      throw Error(ErrorKind::not_found, message + " hides it", "add the line '!" + util::escape_text(path) + "' to " + rules->name());
    }
    throw Error(ErrorKind::not_found, message, util::did_you_mean(nearest_paths(context, path)));
  }

  // Names like the first part that does not exist, in the directory where it would be.
  static std::vector<std::string> nearest_paths(const Context& context, const std::string& path) {
    std::string directory;
    for (const auto& part : util::split(path, '/')) {
      const std::string next = join_path(directory, part);
      const auto status = context.root().find_stat(next, util::Follow::yes);
      if (status && S_ISDIR(status->st_mode)) {
        directory = next;
        continue;
      }
      std::vector<std::string> names;
      for (const auto& entry : context.root().list(directory)) {
        if (!context.is_ignored(join_path(directory, entry.name))) names.push_back(entry.name);
      }
      auto nearest = util::nearest_names(part, names);
      for (auto& name : nearest) name = util::escape_text(join_path(directory, name));
      return nearest;
    }
    return {};
  }

  const CopyRequest& m_request;
  CopyFilter m_filter;
  std::vector<CopySource> m_sources;
};

}  // namespace

std::vector<CopySource> select_sources(const CopyRequest& request) { return Selector(request).select(); }

std::vector<std::string> key_fields(const CopyRequest& request, const std::vector<CopySource>& sources) {
  std::vector<std::string> fields{"copy-2", request.destination, request.chown, request.chmod};
  for (const auto& source : sources) {
    fields.push_back(source.directory ? "directory" : source.archive ? "archive" : "file " + last_part(source.path));
    fields.push_back(source.content);
  }
  return fields;
}

}  // namespace jcb::build
