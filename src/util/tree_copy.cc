// SPDX-License-Identifier: Apache-2.0
// Order matters: chown(2) clears set-id bits and file capabilities, so the owner comes first, then xattrs, then the mode,
// and the times last.
#include "util/tree_copy.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "jcbuild/error.h"
#include "util/file.h"
#include "util/interrupt.h"
#include "util/text.h"

namespace jcb::util {
namespace {

constexpr std::size_t k_max_xattr_bytes = std::size_t{64} << 10;  // XATTR_LIST_MAX and XATTR_SIZE_MAX

bool is_carried(std::string_view name) {
  if (name == "security.capability" || name.starts_with("system.posix_acl_")) return true;
  return name.starts_with("user.") && !name.starts_with("user.overlay.");
}

std::optional<std::string> find_xattr(int fd, const char* name, std::string_view thing) {
  std::string value(k_max_xattr_bytes, '\0');
  const ssize_t size = ::fgetxattr(fd, name, value.data(), value.size());
  if (size < 0 && errno == ENODATA) return std::nullopt;
  if (size < 0) throw_errno("read xattr " + std::string(name) + " of", thing);
  value.resize(static_cast<std::size_t>(size));
  return value;
}

void copy_regular(int from, int to, const std::string& name, std::string_view thing) {
  const Fd source(::openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status {};
  if (!source || ::fstat(source.get(), &status) != 0) throw_errno("open", thing);
  if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::refused, std::string(thing) + " changed while it was copied");
  const Fd copy(::openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!copy) throw_errno("create", thing);
  copy_bytes(source.get(), copy.get(), thing);
  copy_attributes(source.get(), copy.get(), thing);
}

void set_owner_and_times(int to, const std::string& name, const struct stat& status, std::string_view thing) {
  const std::array<timespec, 2> times{status.st_atim, status.st_mtim};
  const bool good = ::fchownat(to, name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) == 0 &&
                    (S_ISLNK(status.st_mode) || ::fchmodat(to, name.c_str(), status.st_mode & 07777, 0) == 0) &&
                    ::utimensat(to, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) == 0;
  if (!good) throw_errno("set the attributes of", thing);
}

void copy_symbolic_link(int from, int to, const std::string& name, std::string_view thing) {
  std::array<char, 4097> target{};
  if (::readlinkat(from, name.c_str(), target.data(), target.size() - 1) < 0) throw_errno("read link", thing);
  if (::symlinkat(target.data(), to, name.c_str()) != 0) throw_errno("create", thing);
}

// Walks by paths, not descriptors, so that a hostile tree may be as deep as it likes.
class Duplicate {
 public:
  Duplicate(const Root& from, const Root& to, FileSharing sharing) : m_from(from), m_to(to), m_sharing(sharing) {}

  void run() {
    m_directories.emplace_back();
    for (std::size_t i = 0; i < m_directories.size(); ++i) copy_children(std::string(m_directories[i]));
    // Children before parents: filling a directory changes its times.
    for (auto path = m_directories.rbegin(); path != m_directories.rend(); ++path)
      copy_attributes(open(m_from, *path).get(), open(m_to, *path).get(), escape_text(*path));
  }

 private:
  static Fd open(const Root& root, const std::string& path) {
    return root.open_at(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  }

  void copy_children(const std::string& directory) {
    check_interrupt();
    const Fd from = open(m_from, directory), to = open(m_to, directory);
    for (const auto& entry : list_directory(from.get(), escape_text(directory))) {
      const std::string path = directory.empty() ? entry.name : directory + "/" + entry.name;
      struct stat status {};
      if (::fstatat(from.get(), entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) throw_errno("stat", escape_text(path));
      copy_child(from.get(), to.get(), entry.name, status, path);
    }
  }

  void copy_child(int from, int to, const std::string& name, const struct stat& status, const std::string& path) {
    if (S_ISDIR(status.st_mode)) {
      m_directories.push_back(path);
    } else if (m_sharing == FileSharing::links) {
      if (::linkat(from, name.c_str(), to, name.c_str(), 0) == 0) return;
    } else if (status.st_nlink > 1) {
      const std::string* first = m_links.find_or_note(status, path);
      if (first != nullptr && link_in_root(m_to, *first, path)) return;
    }
    copy_entry(from, to, name, status, escape_text(path));
  }

  const Root& m_from;
  const Root& m_to;
  FileSharing m_sharing;
  LinkTable m_links;
  std::vector<std::string> m_directories;  // parents before children
};

}  // namespace

std::map<std::string, std::string> read_xattrs(int fd, std::string_view thing) {
  std::map<std::string, std::string> xattrs;
  ssize_t size = ::flistxattr(fd, nullptr, 0);
  if (size == 0 || (size < 0 && errno == ENOTSUP)) return xattrs;
  std::string list(k_max_xattr_bytes, '\0');
  size = ::flistxattr(fd, list.data(), list.size());
  if (size < 0) throw_errno("list xattrs of", thing);
  for (std::size_t at = 0; at < static_cast<std::size_t>(size); at += std::strlen(&list[at]) + 1) {
    if (!is_carried(&list[at])) continue;
    if (auto value = find_xattr(fd, &list[at], thing)) xattrs[&list[at]] = std::move(*value);
  }
  return xattrs;
}

void copy_attributes(int from, int to, std::string_view thing) {
  struct stat status {};
  if (::fstat(from, &status) != 0) throw_errno("stat", thing);
  if (::fchown(to, status.st_uid, status.st_gid) != 0) throw_errno("set the owner of", thing);
  for (const auto& [name, value] : read_xattrs(from, thing)) {
    if (::fsetxattr(to, name.c_str(), value.data(), value.size(), 0) != 0) throw_errno("set xattr " + name + " of", thing);
  }
  const std::array<timespec, 2> times{status.st_atim, status.st_mtim};
  if (::fchmod(to, status.st_mode & 07777) != 0 || ::futimens(to, times.data()) != 0) throw_errno("set the attributes of", thing);
}

void copy_entry(int from, int to, const std::string& name, const struct stat& status, std::string_view thing) {
  if (S_ISREG(status.st_mode)) return copy_regular(from, to, name, thing);
  if (S_ISDIR(status.st_mode)) {
    if (::mkdirat(to, name.c_str(), 0700) != 0) throw_errno("make directory", thing);
    return;
  }
  if (S_ISLNK(status.st_mode))
    copy_symbolic_link(from, to, name, thing);
  else if (::mknodat(to, name.c_str(), (status.st_mode & S_IFMT) | 0600, status.st_rdev) != 0)
    throw_errno("create", thing);
  set_owner_and_times(to, name, status, thing);
}

const std::string* LinkTable::find_or_note(const struct stat& status, const std::string& path) {
  const auto [found, inserted] = m_paths.try_emplace({status.st_dev, status.st_ino}, path);
  return inserted ? nullptr : &found->second;
}

bool link_in_root(const Root& root, const std::string& first, const std::string& path) {
  const Place from = root.place(first), to = root.place(path);
  if (::linkat(from.parent.get(), from.name.c_str(), to.parent.get(), to.name.c_str(), 0) == 0) return true;
  if (errno != EMLINK) throw_errno("link", escape_text(path));
  return false;
}

void duplicate_tree(const Root& from, const Root& to, FileSharing sharing) { Duplicate(from, to, sharing).run(); }

}  // namespace jcb::util
