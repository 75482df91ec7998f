// SPDX-License-Identifier: Apache-2.0
#include "sandbox/waiting_thread.h"

#include "util/beneath.h"
#include "util/file.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace jcb::sandbox {
namespace {

// Where an open directory is, from the root of its mount namespace.
std::optional<std::string> path_of(const util::Fd& fd) {
  std::array<char, PATH_MAX + 1> text;
  const ssize_t size = ::readlink(fd.proc_path().c_str(), text.data(), text.size());
  if (size <= 0 || static_cast<std::size_t>(size) == text.size()) return std::nullopt;
  return std::string(text.data(), static_cast<std::size_t>(size));
}

bool is_single_name(const std::string& path) { return path.find('/') == std::string::npos && path != "." && path != ".."; }

bool is_link(const util::Fd& fd) {
  struct stat status {};
  return ::fstat(fd.get(), &status) == 0 && S_ISLNK(status.st_mode);
}

// The number in a path that the kernel would take to one of the thread's own descriptors, which for us is another's.
std::optional<int> find_descriptor_name(const std::string& path) {
  constexpr const char* streams[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};
  for (int i = 0; i < 3; ++i) {
    if (path == streams[i]) return i;
  }
  for (const std::string prefix : {"/proc/self/fd/", "/proc/thread-self/fd/", "/dev/fd/"}) {
    const std::string digits = path.starts_with(prefix) ? path.substr(prefix.size()) : "";
    if (!digits.empty() && digits.size() < 8 && digits.find_first_not_of("0123456789") == std::string::npos) return std::stoi(digits);
  }
  return std::nullopt;
}

}  // namespace

int WaitingThread::open_memory() noexcept {
  m_memory = util::Fd(::open((m_directory + "mem").c_str(), O_RDWR | O_CLOEXEC));
  return m_memory ? 0 : errno;
}

int WaitingThread::read(std::uint64_t address, void* bytes, std::size_t size) const noexcept {
  const ssize_t got = ::pread(m_memory.get(), bytes, size, static_cast<off_t>(address));
  return got == static_cast<ssize_t>(size) ? 0 : EFAULT;
}

int WaitingThread::write(std::uint64_t address, const void* bytes, std::size_t size) const noexcept {
  const ssize_t put = ::pwrite(m_memory.get(), bytes, size, static_cast<off_t>(address));
  return put == static_cast<ssize_t>(size) ? 0 : EFAULT;
}

int WaitingThread::read_text(std::uint64_t address, std::string& text) const {
  // Most texts are short, and what lies behind one may not be mapped: a read that comes up short is no error yet.
  for (const std::size_t size : {std::size_t{256}, std::size_t{PATH_MAX}}) {
    text.resize(size);
    const ssize_t got = ::pread(m_memory.get(), text.data(), size, static_cast<off_t>(address));
    if (got <= 0) return EFAULT;
    const auto end = text.substr(0, static_cast<std::size_t>(got)).find('\0');
    if (end != std::string::npos) return text.resize(end), 0;
    if (static_cast<std::size_t>(got) < size) return EFAULT;
  }
  return ENAMETOOLONG;
}

util::Fd WaitingThread::open_link(const std::string& name) const {
  return util::Fd(::open((m_directory + name).c_str(), O_PATH | O_CLOEXEC));
}

util::Fd WaitingThread::open_descriptor(int fd) const {
  if (fd < 0) return errno = EBADF, util::Fd();
  util::Fd opened = open_link("fd/" + std::to_string(fd));
  if (!opened && errno == ENOENT) errno = EBADF;
  return opened;
}

util::Fd WaitingThread::open_directory(int directory) const {
  return directory == AT_FDCWD ? open_link("cwd") : open_descriptor(directory);
}

util::Fd WaitingThread::open_from_root(const util::Fd* base, const std::string& path, bool follow) const {
  const util::Fd root = open_link("root");
  if (!root) return util::Fd();
  std::string whole = path;
  if (base != nullptr) {
    const auto root_path = path_of(root), base_path = path_of(*base);
    if (!root_path || !base_path) return errno = ENAMETOOLONG, util::Fd();
    const std::string prefix = *root_path == "/" ? "" : *root_path;
    if (!base_path->starts_with(prefix)) return errno = ENOENT, util::Fd();
    whole = base_path->substr(prefix.size()) + "/" + path;
  }
  return util::Fd(util::open_beneath(root.get(), whole, O_PATH | (follow ? 0 : O_NOFOLLOW), 0));
}

util::Fd WaitingThread::open_path(int directory, const std::string& path, bool follow) const {
  if (path.empty()) return errno = ENOENT, util::Fd();
  if (const auto fd = follow ? find_descriptor_name(path) : std::nullopt) return open_descriptor(*fd);
  if (path.front() == '/') return open_from_root(nullptr, path, follow);
  const util::Fd base = open_directory(directory);
  if (!base) return util::Fd();
  if (is_single_name(path)) {
    util::Fd file(::openat(base.get(), path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!file || !follow || !is_link(file)) return file;
  }
  return open_from_root(&base, path, follow);
}

mode_t WaitingThread::umask() const {
  const auto text = util::find_file(m_directory + "status", 1 << 16);
  const auto at = text ? text->find("\nUmask:\t") : std::string::npos;
  return at == std::string::npos ? 022 : static_cast<mode_t>(std::stoul(text->substr(at + 8, 4), nullptr, 8));
}

}  // namespace jcb::sandbox
