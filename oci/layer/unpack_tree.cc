// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/unpack_tree.h"

#include "jcbuild/error.h"
#include "oci/layer/entry_path.h"
#include "oci/layer/tar_entry.h"
#include "oci/layer/whiteout.h"
#include "oci/layer/xattr.h"
#include "util/beneath.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace jcb::oci {
namespace {

constexpr std::uint32_t k_implicit_mode = 0755;

struct stat status_of(int fd, std::string_view thing) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_errno("stat", thing);
  return status;
}

util::Fd open_directory(int parent, const std::string& name, std::string_view thing) {
  util::Fd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) throw_errno("open directory", thing);
  return fd;
}

std::string_view or_dot(std::string_view path) { return path.empty() ? "." : path; }

}  // namespace

void set_file_time(int fd, FileTime time, std::string_view thing) {
  const timespec value{static_cast<time_t>(time.seconds), static_cast<long>(time.nanoseconds)};
  const std::array<timespec, 2> times{value, value};
  if (::futimens(fd, times.data()) != 0) throw_errno("set the times of", thing);
}

void UnpackTree::keep(std::string path, util::Fd fd) {
  const struct stat status = status_of(fd.get(), path);
  m_kept.emplace(ParentDirectory{util::Root(std::move(fd)), status.st_dev, status.st_ino, status.st_gid});
  m_kept_path = std::move(path);
}

const ParentDirectory* UnpackTree::find_directory(std::string_view path) {
  if (m_kept && m_kept_path == path) return &*m_kept;
  util::Fd fd(util::open_beneath(m_root.fd(), or_dot(path), O_PATH | O_DIRECTORY, 0));
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) return nullptr;
  if (!fd && (errno == ELOOP || errno == ENAMETOOLONG))
    throw Error(ErrorKind::invalid, name_tar_entry(m_thing, path) + " cannot be a directory: " + std::strerror(errno));
  if (!fd) throw_errno("open directory", name_tar_entry(m_thing, path));
  keep(std::string(path), std::move(fd));
  return &*m_kept;
}

const ParentDirectory& UnpackTree::directory(std::string_view path, FileTime time) {
  const bool kept = m_kept && m_kept_path == path;
  if (find_directory(path) == nullptr) keep(std::string(path), make_missing(path, time));
  if (m_resumed && !kept) note_left_behind(path, time);
  if (m_options.whiteouts == Whiteouts::apply && m_noted.emplace(path).second) note_parents(path);
  return *m_kept;
}

// What holds an entry of this layer is this layer's too, with or without an entry of its own: a whiteout must not take
// it away.
void UnpackTree::note_parents(std::string_view path) {
  struct stat parent = status_of(m_root.fd(), path);
  for (std::size_t start = 0; start < path.size();) {
    const auto end = std::min(path.find('/', start), path.size());
    m_created.emplace(parent.st_dev, parent.st_ino, std::string(path.substr(start, end - start)));
    parent = status_of(m_root.open_at(path.substr(0, end), O_PATH | O_DIRECTORY).get(), path);
    start = end + 1;
  }
}

// A directory without an entry of its own that the killed process made after its last checkpoint: only the tree knows it,
// and it is to get mode and time all the same.
void UnpackTree::note_left_behind(std::string_view path, FileTime time) {
  for (std::size_t end = 0; end < path.size(); ++end) {
    end = std::min(path.find('/', end), path.size());
    const std::string here(path.substr(0, end));
    const util::Fd directory = m_root.open_at(here, O_PATH | O_DIRECTORY);
    const struct stat status = status_of(directory.get(), here);
    if (!m_known.contains({status.st_dev, status.st_ino})) finish_later(here, directory.get(), k_implicit_mode, time);
  }
}

util::Fd UnpackTree::make_missing(std::string_view path, FileTime time) {
  util::Fd current = m_root.open_at(".", O_PATH | O_DIRECTORY);
  for (std::size_t start = 0; start < path.size();) {
    const auto end = std::min(path.find('/', start), path.size());
    const std::string part(path.substr(start, end - start));
    const std::string done(path.substr(0, end));
    start = end + 1;
    if (auto next = m_root.find_at(done, O_PATH | O_DIRECTORY)) {
      current = std::move(*next);
      continue;
    }
    const std::string thing = name_tar_entry(m_thing, done);
    if (::mkdirat(current.get(), part.c_str(), 0700) != 0) {
      struct stat status {};
      const bool whiteout =
          errno == EEXIST && ::fstatat(current.get(), part.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && is_whiteout_device(status);
      if (!whiteout && errno != EEXIST) throw_errno("make directory", thing);
      if (!whiteout) throw Error(ErrorKind::invalid, thing + " is not a directory, but others are below it");
      replace_with_directory(current.get(), part, thing);
    }
    current = open_directory(current.get(), part, thing);
    finish_later(done, current.get(), k_implicit_mode, time);
  }
  return current;
}

// Whatever was there hid what lies below in lower layers, or was a whiteout that did: the directory must go on hiding it.
void UnpackTree::replace_with_directory(int parent, const std::string& name, std::string_view thing) {
  struct stat status {};
  const bool was_whiteout = ::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && is_whiteout_device(status);
  remove(util::Root(util::Fd(::fcntl(parent, F_DUPFD_CLOEXEC, 3))), name);
  if (::mkdirat(parent, name.c_str(), 0700) != 0) throw_errno("make directory", thing);
  if (was_whiteout && m_options.whiteouts == Whiteouts::overlay)
    set_opaque(open_directory(parent, name, thing).get(), m_options.overlay_xattr, thing);
}

util::Fd UnpackTree::make_directory(const ParentDirectory& parent, const std::string& name, std::string_view thing) {
  const util::Fd holder(::fcntl(parent.fd(), F_DUPFD_CLOEXEC, 3));
  if (::mkdirat(holder.get(), name.c_str(), 0700) != 0) {
    if (errno != EEXIST) throw_errno("make directory", thing);
    struct stat status {};
    if (::fstatat(holder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) throw_errno("stat", thing);
    if (!S_ISDIR(status.st_mode)) replace_with_directory(holder.get(), name, thing);
  }
  return open_directory(holder.get(), name, thing);
}

void UnpackTree::remove(const util::Root& parent, const std::string& name) {
  if (m_observer != nullptr) m_observer->on_removal();
  m_removed = true;
  parent.remove_tree(name);
  m_kept.reset();
}

void UnpackTree::note_created(const ParentDirectory& parent, const std::string& name) {
  if (m_options.whiteouts == Whiteouts::apply) m_created.emplace(parent.device, parent.inode, name);
}

bool UnpackTree::was_created(const ParentDirectory& parent, const std::string& name) const {
  return m_created.contains({parent.device, parent.inode, name});
}

void UnpackTree::remove_lower_children(const std::string& path) {
  std::vector<std::string> todo{path};
  while (!todo.empty()) {
    const std::string here = std::move(todo.back());
    todo.pop_back();
    const util::Fd fd = m_root.open_at(or_dot(here), O_RDONLY | O_DIRECTORY);
    const struct stat status = status_of(fd.get(), here);
    const util::Root directory(fd.duplicate());
    for (const auto& child : util::list_directory(fd.get(), here)) {
      const bool created = m_created.contains({status.st_dev, status.st_ino, child.name});
      const auto child_status = directory.find_stat(child.name);
      if (created && child_status && S_ISDIR(child_status->st_mode)) todo.push_back(here.empty() ? child.name : here + "/" + child.name);
      if (!created) remove(directory, child.name);
    }
  }
}

void UnpackTree::finish_later(const std::string& path, int fd, std::uint32_t mode, FileTime time) {
  const struct stat status = status_of(fd, path);
  m_pending[path] = {status.st_dev, status.st_ino, mode, time};
  if (m_resumed) m_known.emplace(status.st_dev, status.st_ino);
}

std::optional<util::Fd> UnpackTree::find_pending(const std::string& path) const {
  util::Fd fd(util::open_beneath(m_root.fd(), or_dot(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0));
  if (fd) return fd;
  if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return std::nullopt;
  throw_errno("open directory", name_tar_entry(m_thing, path));
}

// Deepest first, as a directory's mode may forbid to reach what is below it. A path that meanwhile leads to something
// else (a later entry replaced the directory by a link, say) is left alone: CVE-2021-31566.
void UnpackTree::finish() {
  for (auto pending = m_pending.rbegin(); pending != m_pending.rend(); ++pending) {
    const auto& [path, directory] = *pending;
    const auto fd = find_pending(path);
    if (!fd) continue;
    const struct stat status = status_of(fd->get(), path);
    if (status.st_dev != directory.device || status.st_ino != directory.inode) continue;
    const std::string thing = name_tar_entry(m_thing, path);
    if (::fchmod(fd->get(), directory.mode) != 0) throw_errno("set the mode of", thing);
    set_file_time(fd->get(), directory.time, thing);
  }
}

bool UnpackTree::is_pending(const std::string& path, const Pending& directory) const {
  const auto fd = find_pending(path);
  if (!fd) return false;
  const struct stat status = status_of(fd->get(), path);
  return status.st_dev == directory.device && status.st_ino == directory.inode;
}

// Without the directories that are gone: their inode numbers may come back as those of others.
void UnpackTree::save(StateWriter& state) {
  if (std::exchange(m_removed, false))
    std::erase_if(m_pending, [this](const auto& entry) { return !is_pending(entry.first, entry.second); });
  state.number(m_pending.size());
  for (const auto& [path, directory] : m_pending) {
    state.text(path);
    for (const std::uint64_t number : {std::uint64_t{directory.device}, std::uint64_t{directory.inode}, std::uint64_t{directory.mode},
                                       static_cast<std::uint64_t>(directory.time.seconds), std::uint64_t{directory.time.nanoseconds}})
      state.number(number);
  }
}

void UnpackTree::load(StateReader& state) {
  m_resumed = true;
  const struct stat root = status_of(m_root.fd(), ".");
  m_known.emplace(root.st_dev, root.st_ino);
  for (auto left = state.number(); left > 0; --left) {
    Pending& directory = m_pending[std::string(state.text())];
    directory.device = state.number();
    directory.inode = state.number();
    directory.mode = static_cast<std::uint32_t>(state.number());
    directory.time.seconds = static_cast<std::int64_t>(state.number());
    directory.time.nanoseconds = static_cast<std::uint32_t>(state.number());
    m_known.emplace(directory.device, directory.inode);
  }
}

}  // namespace jcb::oci
