// SPDX-License-Identifier: Apache-2.0
#include "sandbox/mount_points.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <deque>

namespace jcb::sandbox {
namespace {

constexpr int k_max_links = 40;  // as the kernel's MAXSYMLINKS

using Parts = std::vector<std::string>;

std::string to_path(const Parts& parts) { return util::join(parts, "/"); }

// A path being resolved: components taken, components to take.
class Resolution {
 public:
  Resolution(const util::Root& root, std::string_view path, const std::vector<std::string>& covered)
      : m_root(root), m_path(path), m_covered(covered) {
    push_front(path);
  }

  Parts run() {
    while (!m_todo.empty()) {
      const std::string name = m_todo.front();
      m_todo.pop_front();
      if (name.empty() || name == ".") continue;
      if (name == "..")
        go_up();
      else
        take(name);
    }
    return m_parts;
  }

 private:
  void push_front(std::string_view path) {
    const auto parts = util::split(path, '/');
    m_todo.insert(m_todo.begin(), parts.begin(), parts.end());
  }

  void go_up() {
    if (!m_parts.empty()) m_parts.pop_back();
    m_existing = std::min(m_existing, m_parts.size());
  }

  void take(const std::string& name) {
    m_parts.push_back(name);
    if (m_existing + 1 < m_parts.size()) return;  // below something missing or covered
    const std::string path = to_path(m_parts);
    if (std::find(m_covered.begin(), m_covered.end(), path) != m_covered.end()) return;
    const auto status = m_root.find_stat(path);
    if (!status) return;
    if (!S_ISLNK(status->st_mode)) {
      m_existing = m_parts.size();
      return;
    }
    if (++m_links > k_max_links) throw Error(ErrorKind::invalid, "too many links in " + util::escape_text(m_path));
    const std::string target = m_root.read_link(path);
    m_parts.pop_back();
    if (target.starts_with('/')) m_parts.clear(), m_existing = 0;
    push_front(target);
  }

  const util::Root& m_root;
  std::string m_path;
  const std::vector<std::string>& m_covered;
  std::deque<std::string> m_todo;
  Parts m_parts;
  std::size_t m_existing = 0;  // how many of m_parts exist
  int m_links = 0;
};

[[noreturn]] void throw_wrong_type(std::string_view path, const char* wanted) {
  throw Error(ErrorKind::invalid, "/" + util::escape_text(path) + " in the root file system is not a " + wanted);
}

bool same_time(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

}  // namespace

MountPoints::~MountPoints() {
  for (auto stub = m_stubs.rbegin(); stub != m_stubs.rend(); ++stub) remove_stub(*stub);
}

std::string MountPoints::resolve(std::string_view target, const std::vector<std::string>& covered) const {
  return to_path(Resolution(m_root, target, covered).run());
}

std::string MountPoints::require_directory(const std::string& name) {
  const auto status = m_root.find_stat(name);
  if (!status) make_stub(".", name, true);
  if (status && !S_ISDIR(status->st_mode)) throw_wrong_type(name, "directory");
  return name;
}

std::string MountPoints::find_or_make(std::string_view target, bool directory) {
  const std::string path = resolve(target);
  if (path.empty()) throw Error(ErrorKind::invalid, "cannot mount over the root file system itself");
  const auto parts = util::split(path, '/');
  std::string done;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string parent = done.empty() ? "." : done;
    done += (done.empty() ? "" : "/") + parts[i];
    const bool want_directory = directory || i + 1 < parts.size();
    const auto status = m_root.find_stat(done);
    if (!status) make_stub(parent, parts[i], want_directory);
    if (status && S_ISDIR(status->st_mode) != want_directory) throw_wrong_type(done, want_directory ? "directory" : "file");
  }
  return path;
}

// With Stubs::keep others may be making the same.
void MountPoints::make_stub(const std::string& parent, const std::string& name, bool directory) {
  Stub stub{m_root.open_at(parent, O_RDONLY | O_DIRECTORY), name};
  if (::fstat(stub.parent.get(), &stub.before) != 0) throw_errno("stat", parent);
  if (directory) {
    if (::mkdirat(stub.parent.get(), name.c_str(), 0755) != 0 && (!m_keep || errno != EEXIST))
      throw_errno("make directory", parent + "/" + name);
  } else {
    const util::Fd file(
        ::openat(stub.parent.get(), name.c_str(), O_WRONLY | O_CREAT | (m_keep ? 0 : O_EXCL) | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!file) throw_errno("make file", parent + "/" + name);
  }
  struct stat made {};
  const mode_t mode = directory ? 0755 : 0644;  // whatever our umask is
  if (::fchmodat(stub.parent.get(), name.c_str(), mode, 0) != 0) throw_errno("change the mode of", parent + "/" + name);
  if (m_keep) return;
  if (::fstatat(stub.parent.get(), name.c_str(), &made, AT_SYMLINK_NOFOLLOW) == 0) stub.inode = made.st_ino;
  if (::fstat(stub.parent.get(), &stub.after) != 0) throw_errno("stat", parent);
  m_stubs.push_back(std::move(stub));
}

// Removes only what is still as we made it: an empty file or directory. What the job put there belongs to the layer.
void MountPoints::remove_stub(const Stub& stub) noexcept {
  struct stat now {
  }, parent{};
  if (::fstat(stub.parent.get(), &parent) != 0) return;
  if (::fstatat(stub.parent.get(), stub.name.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0 || now.st_ino != stub.inode) return;
  const bool directory = S_ISDIR(now.st_mode);
  if (!directory && now.st_size != 0) return;
  if (::unlinkat(stub.parent.get(), stub.name.c_str(), directory ? AT_REMOVEDIR : 0) != 0) return;
  const bool untouched = same_time(parent.st_mtim, stub.after.st_mtim);
  const timespec times[2] = {stub.before.st_atim, untouched ? stub.before.st_mtim : parent.st_mtim};
  ::futimens(stub.parent.get(), times);
}

}  // namespace jcb::sandbox
