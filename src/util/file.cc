// SPDX-License-Identifier: Apache-2.0
#include "util/file.h"

#include "jcbuild/error.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <vector>

namespace jcb::util {
namespace {

Fd open_regular(const std::filesystem::path& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (fd && ::fstat(fd.get(), &status) == 0 && !S_ISREG(status.st_mode))
    throw Error(ErrorKind::invalid, path.native() + " is not a regular file");
  return fd;
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  const Fd fd = open_regular(path);
  if (!fd) throw_errno("open", path.native());
  return read_to_end(fd.get(), limit_bytes, path.native());
}

std::optional<std::string> find_file(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  const Fd fd = open_regular(path);
  if (fd) return read_to_end(fd.get(), limit_bytes, path.native());
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw_errno("open", path.native());
}

AtomicFile::AtomicFile(const Root& directory, std::string name, mode_t mode)
    : m_directory(directory.duplicate().open_at(".", O_RDONLY | O_DIRECTORY)),
      m_name(std::move(name)),
      m_temporary(".tmp-" + random_token()) {
  m_file = Fd(::openat(m_directory.get(), m_temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!m_file) throw_errno("create", m_name);
  if (::fchmod(m_file.get(), mode) != 0) throw_errno("set the mode of", m_name);
}

AtomicFile::~AtomicFile() {
  if (!m_committed && m_file) ::unlinkat(m_directory.get(), m_temporary.c_str(), 0);
}

void AtomicFile::commit() {
  sync_file(m_file.get(), m_name);
  if (::renameat(m_directory.get(), m_temporary.c_str(), m_directory.get(), m_name.c_str()) != 0) throw_errno("rename", m_name);
  m_committed = true;
  sync_file(m_directory.get(), m_name);
}

void write_file_atomically(const Root& directory, const std::string& name, std::string_view content, mode_t mode) {
  AtomicFile file(directory, name, mode);
  file.write(content);
  file.commit();
}

TempDir::TempDir(const std::filesystem::path& parent, std::string_view prefix) {
  auto path = parent / (std::string(prefix) + random_token());
  if (::mkdir(path.c_str(), 0700) != 0) throw_errno("make directory", path.native());
  m_path = std::move(path);
}

TempDir::TempDir(TempDir&& other) noexcept : m_path(std::move(other.m_path)) { other.m_path.clear(); }

TempDir::~TempDir() {
  if (m_path.empty()) return;
  try {
    Root::open(m_path.parent_path()).remove_tree(m_path.filename().native());
  } catch (const Error&) {
    // Left for the next reclaim of the parent: a destructor has nobody to tell.
  }
}

std::uint64_t copy_bytes(int from_fd, int to_fd, std::string_view thing) {
  struct stat status {};
  if (::fstat(from_fd, &status) != 0) throw_errno("stat", thing);
  const bool whole = ::lseek(from_fd, 0, SEEK_CUR) == 0 && ::lseek(to_fd, 0, SEEK_CUR) == 0;
  if (whole && status.st_size > 0 && ::ioctl(to_fd, FICLONE, from_fd) == 0) return static_cast<std::uint64_t>(status.st_size);
  std::uint64_t total = 0;
  for (;;) {
    const ssize_t got = ::copy_file_range(from_fd, nullptr, to_fd, nullptr, std::size_t{1} << 30, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;  // not between these file systems: read and write
    if (got == 0 && total > 0) return total;
    if (got == 0) break;  // empty, or a procfs file that claims to be
    total += static_cast<std::uint64_t>(got);
  }
  std::vector<char> buffer(std::size_t{1} << 17);
  while (const std::size_t got = read_full(from_fd, buffer.data(), buffer.size(), thing)) {
    write_all(to_fd, {buffer.data(), got}, thing);
    total += got;
  }
  return total;
}

void wait_for_clock_tick() {
  timespec before{}, now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &before);
  do {
    const timespec pause{0, 500000};
    ::nanosleep(&pause, nullptr);
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  } while (before.tv_sec == now.tv_sec && before.tv_nsec == now.tv_nsec);
}

std::string random_token() {
  std::array<unsigned char, 8> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) throw_errno("read", "random bytes");
  static constexpr char digits[] = "0123456789abcdef";
  std::string token;
  for (const unsigned char byte : bytes) {
    token += digits[byte >> 4];
    token += digits[byte & 15];
  }
  return token;
}

}  // namespace jcb::util
