// SPDX-License-Identifier: Apache-2.0
#include "build/git_tree.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <vector>

#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::build {
namespace {

constexpr int k_max_links = 40;

void set_times(int directory_fd, const std::string& name, std::int64_t seconds) {
  const struct timespec times[2] = {{seconds, 0}, {seconds, 0}};
  if (::utimensat(directory_fd, name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) throw_errno("set the time of", name);
}

void set_mode(int directory_fd, const std::string& name, mode_t mode) {
  // The tree is ours alone and not in use, so that the name still means what was looked at.
  if (::fchmodat(directory_fd, name.c_str(), mode, 0) != 0) throw_errno("change the mode of", name);
}

class Settler {
 public:
  Settler(const util::Root& tree, std::int64_t seconds, bool keep_git_dir) : m_tree(tree), m_seconds(seconds), m_keep(keep_git_dir) {}

  void run() {
    // Directories are taken in the order in which they are found; their own times are set last, from the deepest up.
    m_directories.push_back({"", false});
    for (std::size_t i = 0; i < m_directories.size(); ++i) settle_entries(Directory(m_directories[i]));
    for (auto directory = m_directories.rbegin(); directory != m_directories.rend(); ++directory)
      set_times(m_tree.fd(), directory->path.empty() ? "." : directory->path, m_seconds);
  }

 private:
  struct Directory {
    std::string path;
    bool inside_git;
  };

  void settle_entries(const Directory& directory) {
    const util::Root root = directory.path.empty() ? m_tree.duplicate() : m_tree.subroot(directory.path);
    for (const auto& entry : root.list()) {
      if (entry.name == ".git" && !m_keep) {
        root.remove_tree(entry.name);
        continue;
      }
      settle_entry(root, directory, entry.name);
    }
  }

  void settle_entry(const util::Root& root, const Directory& directory, const std::string& name) {
    const auto status = root.find_stat(name);
    if (!status) return;
    const bool inside_git = directory.inside_git || name == ".git";
    if (S_ISDIR(status->st_mode)) {
      if (!inside_git) set_mode(root.fd(), name, 0755);
      m_directories.push_back({directory.path.empty() ? name : directory.path + "/" + name, inside_git});
      return;
    }
    if (S_ISREG(status->st_mode) && !inside_git) set_mode(root.fd(), name, (status->st_mode & S_IXUSR) != 0 ? 0755 : 0644);
    set_times(root.fd(), name, m_seconds);
  }

  const util::Root& m_tree;
  std::int64_t m_seconds;
  bool m_keep;
  std::vector<Directory> m_directories;
};

[[noreturn]] void fail_outside(std::string_view subdir) {
  throw Error(ErrorKind::refused, "the subdirectory " + util::escape_text(subdir) + " leads out of the repository");
}

// The components of `path` in reverse, ready to be taken from the end.
void push_components(std::vector<std::string>& pending, std::string_view path) {
  const auto parts = util::split(path, '/');
  pending.insert(pending.end(), parts.rbegin(), parts.rend());
}

}  // namespace

void settle_checkout(const util::Root& tree, std::int64_t seconds, bool keep_git_dir) { Settler(tree, seconds, keep_git_dir).run(); }

std::string resolve_subdir(const util::Root& tree, std::string_view subdir) {
  std::vector<std::string> done, pending;
  push_components(pending, subdir);
  for (int links = 0; !pending.empty();) {
    const std::string part = std::move(pending.back());
    pending.pop_back();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (done.empty()) fail_outside(subdir);
      done.pop_back();
      continue;
    }
    done.push_back(part);
    const std::string path = util::join(done, "/");
    const auto status = tree.find_stat(path);
    if (part == ".git" || !status || (!S_ISDIR(status->st_mode) && !S_ISLNK(status->st_mode)))
      throw Error(ErrorKind::not_found, "the repository has no directory " + util::escape_text(subdir));
    if (S_ISDIR(status->st_mode)) continue;
    const std::string target = tree.read_link(path);
    if (target.starts_with('/') || ++links > k_max_links) fail_outside(subdir);
    done.pop_back();
    push_components(pending, target);
  }
  return util::join(done, "/");
}

}  // namespace jcb::build
