// SPDX-License-Identifier: Apache-2.0
#include "util/fd.h"

#include "jcbuild/error.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

namespace jcb::util {

void Fd::reset() noexcept {
  if (m_fd >= 0) ::close(m_fd);
  m_fd = -1;
}

Fd Fd::duplicate() const {
  const int copy = ::fcntl(m_fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw_errno("duplicate", "a file descriptor");
  return Fd(copy);
}

std::string Fd::proc_path() const { return "/proc/self/fd/" + std::to_string(m_fd); }

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("make", "a pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

void write_all(int fd, std::string_view bytes, std::string_view thing) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno("write", thing);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::size_t read_full(int fd, char* buffer, std::size_t size, std::string_view thing) {
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = ::read(fd, buffer + filled, size - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("read", thing);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

std::string read_to_end(int fd, std::uint64_t limit_bytes, std::string_view thing) {
  std::string content;
  std::array<char, 16384> chunk;
  for (;;) {
    const std::size_t got = read_full(fd, chunk.data(), chunk.size(), thing);
    content.append(chunk.data(), got);
    if (content.size() > limit_bytes)
      throw Error(ErrorKind::invalid, std::string(thing) + " is larger than " + std::to_string(limit_bytes) + " bytes");
    if (got < chunk.size()) return content;
  }
}

void sync_file(int fd, std::string_view thing) {
  while (::fsync(fd) != 0) {
    if (errno != EINTR) throw_errno("flush", thing);
  }
}

}  // namespace jcb::util
