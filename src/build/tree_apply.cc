// SPDX-License-Identifier: Apache-2.0
#include "build/tree_apply.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "jcbuild/error.h"
#include "oci/layer/whiteout.h"
#include "util/interrupt.h"
#include "util/text.h"
#include "util/tree_copy.h"

namespace jcb::build {
namespace {

bool is_opaque(int directory) {
  char value = 0;
  return ::fgetxattr(directory, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

// Walks by paths, not descriptors, so that a tree may be as deep as it likes.
class Application {
 public:
  Application(const util::Root& tree, const util::Root& target) : m_tree(tree), m_target(target) {}

  void run() {
    m_directories.emplace_back();
    for (std::size_t i = 0; i < m_directories.size(); ++i) apply_children(std::string(m_directories[i]));
    // Children before parents: filling a directory changes its times. The first is the root.
    for (std::size_t i = m_directories.size(); --i > 0;) {
      const std::string& path = m_directories[i];
      util::copy_attributes(open(m_tree, path).get(), open(m_target, path).get(), util::escape_text(path));
    }
  }

 private:
  static util::Fd open(const util::Root& root, const std::string& path) {
    return root.open_at(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  }

  void apply_children(const std::string& directory) {
    util::check_interrupt();
    const util::Fd from = open(m_tree, directory), to = open(m_target, directory);
    for (const auto& entry : util::list_directory(from.get(), util::escape_text(directory))) {
      const std::string path = directory.empty() ? entry.name : directory + "/" + entry.name;
      struct stat status {};
      if (::fstatat(from.get(), entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) throw_errno("stat", util::escape_text(path));
      apply(from.get(), to.get(), entry.name, status, path);
    }
  }

  void apply(int from, int to, const std::string& name, const struct stat& status, const std::string& path) {
    if (S_ISDIR(status.st_mode)) return apply_directory(to, name, path);
    struct stat present {};
    if (::fstatat(to, name.c_str(), &present, AT_SYMLINK_NOFOLLOW) == 0) m_target.remove_tree(path);
    if (oci::is_whiteout_device(status)) return;
    if (status.st_nlink > 1) {
      const std::string* first = m_links.find_or_note(status, path);
      if (first != nullptr && util::link_in_root(m_target, *first, path)) return;
    }
    util::copy_entry(from, to, name, status, util::escape_text(path));
  }

  void apply_directory(int to, const std::string& name, const std::string& path) {
    struct stat present {};
    const bool exists = ::fstatat(to, name.c_str(), &present, AT_SYMLINK_NOFOLLOW) == 0;
    const bool joins = exists && S_ISDIR(present.st_mode) && !is_opaque(open(m_tree, path).get());
    if (exists && !joins) m_target.remove_tree(path);
    if (!joins && ::mkdirat(to, name.c_str(), 0700) != 0) throw_errno("make directory", util::escape_text(path));
    m_directories.push_back(path);
  }

  const util::Root& m_tree;
  const util::Root& m_target;
  util::LinkTable m_links;
  std::vector<std::string> m_directories;  // parents before children
};

}  // namespace

void apply_tree(const util::Root& tree, const util::Root& target) { Application(tree, target).run(); }

}  // namespace jcb::build
