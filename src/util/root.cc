// SPDX-License-Identifier: Apache-2.0
#include "util/root.h"

#include "jcbuild/error.h"
#include "util/beneath.h"
#include "util/scope_exit.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace jcb::util {
namespace {

bool is_absent(int error) { return error == ENOENT || error == ENOTDIR; }

Fd open_regular_fd(Fd fd, std::string_view path) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw_errno("stat", path);
  if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::invalid, std::string(path) + " is not a regular file");
  return fd;
}

// Splits off the last component, dropping trailing slashes.
std::pair<std::string_view, std::string_view> split_last(std::string_view path) {
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return {std::string_view{}, path};
  return {path.substr(0, slash + 1), path.substr(slash + 1)};
}

mode_t type_of(unsigned char d_type) { return d_type == DT_UNKNOWN ? 0 : static_cast<mode_t>(DTTOIF(d_type)); }

}  // namespace

Root Root::open(const std::filesystem::path& trusted_path) {
  Fd fd(::open(trusted_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno("open directory", trusted_path.native());
  return Root(std::move(fd));
}

Fd Root::open_at(std::string_view path, int flags, mode_t mode) const {
  Fd fd(open_beneath(m_directory.get(), path, flags, mode));
  if (!fd) throw_errno("open", path);
  return fd;
}

std::optional<Fd> Root::find_at(std::string_view path, int flags) const {
  Fd fd(open_beneath(m_directory.get(), path, flags, 0));
  if (fd) return fd;
  if (is_absent(errno)) return std::nullopt;
  throw_errno("open", path);
}

Fd Root::open_regular(std::string_view path) const { return open_regular_fd(open_at(path, O_RDONLY | O_NONBLOCK), path); }

std::string Root::read_file(std::string_view path, std::uint64_t limit_bytes) const {
  return read_to_end(open_regular(path).get(), limit_bytes, path);
}

std::optional<std::string> Root::find_file(std::string_view path, std::uint64_t limit_bytes) const {
  auto fd = find_at(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return std::nullopt;
  return read_to_end(open_regular_fd(std::move(*fd), path).get(), limit_bytes, path);
}

Root Root::subroot(std::string_view path) const { return Root(open_at(path, O_RDONLY | O_DIRECTORY)); }

Place Root::place(std::string_view path) const {
  const auto [directory, name] = split_last(path);
  if (name.empty() || name == "." || name == "..") throw Error(ErrorKind::invalid, "path '" + std::string(path) + "' names no entry");
  if (directory.empty()) return {m_directory.duplicate(), std::string(name)};
  return {open_at(directory, O_PATH | O_DIRECTORY), std::string(name)};
}

std::optional<struct stat> Root::find_stat(std::string_view path, Follow follow) const {
  const int nofollow = follow == Follow::no ? O_NOFOLLOW : 0;
  const auto fd = find_at(path, O_PATH | nofollow);
  if (!fd) return std::nullopt;
  struct stat status {};
  if (::fstatat(fd->get(), "", &status, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0) throw_errno("stat", path);
  return status;
}

std::string Root::read_link(std::string_view path) const {
  const Fd link = open_at(path, O_PATH | O_NOFOLLOW);
  std::array<char, 4097> buffer;
  const ssize_t size = ::readlinkat(link.get(), "", buffer.data(), buffer.size());
  if (size < 0) throw_errno("read link", path);
  return {buffer.data(), static_cast<std::size_t>(size)};
}

std::vector<DirEntry> Root::list(std::string_view path) const {
  const Fd directory = open_at(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY);
  return list_directory(directory.get(), path);
}

Fd Root::make_dirs(std::string_view path, mode_t mode) const {
  Fd current = m_directory.duplicate();
  std::string done;
  for (std::size_t start = 0; start < path.size();) {
    const auto end = std::min(path.find('/', start), path.size());
    const auto component = path.substr(start, end - start);
    start = end + 1;
    if (component.empty() || component == ".") continue;
    done += (done.empty() ? "" : "/") + std::string(component);
    auto next = find_at(done, O_RDONLY | O_DIRECTORY);
    if (!next) {
      // A dangling link resolves to nothing but makes mkdir say EEXIST: refused below by the second open.
      if (::mkdirat(current.get(), std::string(component).c_str(), mode) != 0 && errno != EEXIST) throw_errno("make directory", done);
      next = open_at(done, O_RDONLY | O_DIRECTORY);
    }
    current = std::move(*next);
  }
  return current;
}

void Root::write_file(std::string_view path, std::string_view content, mode_t mode) const {
  const Fd file = open_at(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode);
  write_all(file.get(), content, path);
}

void Root::remove_tree(std::string_view path) const {
  // Somebody else may be removing the same tree: what is gone is fine.
  const auto complain = [&] {
    if (errno != ENOENT) throw_errno("remove", path);
  };
  if (!find_stat(path)) return;
  const Place entry = place(path);
  if (::unlinkat(entry.parent.get(), entry.name.c_str(), 0) == 0) return;
  if (errno != EISDIR && errno != EPERM) return complain();
  Fd directory(::openat(entry.parent.get(), entry.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory && errno == EACCES) {
    if (::fchmodat(entry.parent.get(), entry.name.c_str(), 0700, 0) != 0) return complain();
    directory = Fd(::openat(entry.parent.get(), entry.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  if (!directory) return complain();
  remove_children(directory.get(), path);
  if (::unlinkat(entry.parent.get(), entry.name.c_str(), AT_REMOVEDIR) != 0) complain();
}

std::vector<DirEntry> list_directory(int directory_fd, std::string_view thing) {
  Fd own(::openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) throw_errno("list", thing);
  DIR* stream = ::fdopendir(own.get());
  if (stream == nullptr) throw_errno("list", thing);
  own.release();
  const ScopeExit close_stream([stream] { ::closedir(stream); });
  std::vector<DirEntry> entries;
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
      entries.push_back({entry->d_name, type_of(entry->d_type)});
    errno = 0;
  }
  if (errno != 0) throw_errno("list", thing);
  std::sort(entries.begin(), entries.end(), [](const DirEntry& a, const DirEntry& b) { return a.name < b.name; });
  return entries;
}

}  // namespace jcb::util
