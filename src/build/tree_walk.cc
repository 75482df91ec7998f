// SPDX-License-Identifier: Apache-2.0
#include "build/tree_walk.h"

#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <vector>

#include "build/paths.h"
#include "jcbuild/error.h"
#include "util/interrupt.h"
#include "util/text.h"

namespace jcb::build {
namespace {

class Walker {
 public:
  Walker(const TreeSelection& selection, TreeVisitor& visitor) : m_selection(selection), m_visitor(visitor) {}

  void run() {
    const auto slash = m_selection.start.rfind('/');
    const bool below = slash != std::string::npos;
    const util::Root parent = m_selection.context->root().subroot(below ? m_selection.start.substr(0, slash) : ".");
    const std::string name = below ? m_selection.start.substr(slash + 1) : m_selection.start;
    take(parent, name.empty() ? "." : name, "", std::nullopt);
  }

 private:
  enum class Verdict { take, pass, skip };

  std::string context_path(const std::string& relative) const {
    return relative.empty() ? m_selection.start : join_path(m_selection.start, relative);
  }

  Verdict judge(const std::string& relative, bool directory) const {
    const auto path = context_path(relative);
    Verdict verdict = Verdict::take;
    const auto hide = [&](bool with_all_below) {
      if (!directory || with_all_below) verdict = Verdict::skip;
      if (verdict == Verdict::take) verdict = Verdict::pass;
    };
    const auto& context = *m_selection.context;
    if (context.is_ignored(path)) hide(context.options().ignore->hides_all_below(path));
    if (relative.empty()) return verdict;
    const auto* exclude = m_selection.exclude;
    if (exclude != nullptr && exclude->is_ignored(relative)) hide(exclude->hides_all_below(relative));
    const auto* include = m_selection.include;
    if (include != nullptr && !include->matches_or_parent(relative)) hide(!include->may_match_below(relative));
    return verdict;
  }

  // `listed` is what was judged by the type that the directory's list gave.
  void take(const util::Root& directory, const std::string& name, const std::string& relative, std::optional<Verdict> listed) {
    util::check_interrupt();
    struct stat status {};
    if (::fstatat(directory.fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) throw_gone(relative, errno);
    if (const auto& owners = m_selection.context->options().owners) {
      const auto owner = owners->find(context_path(relative)).owner;
      status.st_uid = owner.uid;
      status.st_gid = owner.gid;
    }
    const Verdict verdict = listed ? *listed : judge(relative, S_ISDIR(status.st_mode));
    if (verdict == Verdict::skip) return;
    const TreeEntry entry{directory, name, relative, status};
    if (S_ISDIR(status.st_mode)) return take_directory(entry, verdict);
    if (verdict == Verdict::pass) throw_gone(relative, ENOTDIR);  // it was listed as a directory
    visit_pending();
    m_visitor.visit(entry);
  }

  void take_directory(const TreeEntry& entry, Verdict verdict) {
    const util::Root held = open_directory(entry);
    m_pending.push_back(&entry);
    if (verdict == Verdict::take) visit_pending();
    for (const auto& child : held.list()) {
      const auto relative = join_path(entry.relative, child.name);
      // What is hidden needs no stat, where the file system tells types.
      std::optional<Verdict> listed;
      if (child.type != 0) listed = judge(relative, child.type == S_IFDIR);
      if (listed != Verdict::skip) take(held, child.name, relative, listed);
    }
    if (!m_pending.empty()) {
      m_pending.pop_back();  // nothing below it was taken
      return;
    }
    m_visitor.leave(entry);
  }

  util::Root open_directory(const TreeEntry& entry) const {
    util::Fd fd(::openat(entry.directory.fd(), entry.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) throw_gone(entry.relative, errno);
    if (!fd) throw_errno("open directory", context_path(entry.relative));
    return util::Root(std::move(fd));
  }

  // Directories that were held back until something below them is taken.
  void visit_pending() {
    for (const TreeEntry* directory : m_pending) m_visitor.visit(*directory);
    m_pending.clear();
  }

  [[noreturn]] void throw_gone(const std::string& relative, int error) const {
    const std::string path = util::escape_text(context_path(relative));
    if (error != ENOENT && error != ENOTDIR && error != ELOOP) throw_errno("stat", path, error);
    throw Error(ErrorKind::failed, path + " in " + m_selection.context->name() + " was changed while it was read", "run the build again");
  }

  const TreeSelection& m_selection;
  TreeVisitor& m_visitor;
  std::vector<const TreeEntry*> m_pending;
};

class FoundSomething {};

class Finder final : public TreeVisitor {
 public:
  void visit(const TreeEntry&) override { throw FoundSomething(); }
  void leave(const TreeEntry&) override {}
};

}  // namespace

void walk_tree(const TreeSelection& selection, TreeVisitor& visitor) { Walker(selection, visitor).run(); }

bool has_visible_entry(const TreeSelection& selection) {
  Finder finder;
  try {
    walk_tree(selection, finder);
  } catch (const FoundSomething&) {
    return true;
  }
  return false;
}

}  // namespace jcb::build
