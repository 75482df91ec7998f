// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace jcb::util {

/// Owns one file descriptor and closes it. -1 means "none". Every descriptor in jcbuild is close-on-exec.
class Fd {
 public:
  Fd() noexcept = default;
  explicit Fd(int fd) noexcept : m_fd(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      m_fd = std::exchange(other.m_fd, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;

  int get() const noexcept { return m_fd; }
  explicit operator bool() const noexcept { return m_fd >= 0; }
  /// Gives the descriptor away; the caller closes it.
  int release() noexcept { return std::exchange(m_fd, -1); }
  /// Closes now. Errors of close are ignored: data-bearing files report theirs through fsync or AtomicFile::commit.
  void reset() noexcept;
  /// A second descriptor of the same open file (F_DUPFD_CLOEXEC). Throws Error(system).
  Fd duplicate() const;
  /// "/proc/self/fd/N": a path that the kernel resolves to this very file, for calls that take only paths.
  std::string proc_path() const;

 private:
  int m_fd = -1;
};

/// The two ends of a pipe, both close-on-exec.
struct Pipe {
  Fd read_end;
  Fd write_end;
};

/// Makes a pipe (pipe2(2), O_CLOEXEC). Throws Error(system).
Pipe make_pipe();

/// Writes all bytes, retrying short writes and EINTR. Throws Error(system) naming `thing`.
void write_all(int fd, std::string_view bytes, std::string_view thing);

/// Reads up to `size` bytes, fewer only at the end of the file; retries EINTR. Throws Error(system) naming `thing`.
std::size_t read_full(int fd, char* buffer, std::size_t size, std::string_view thing);

/// Reads to the end. Throws Error(invalid) when there are more than `limit_bytes`, Error(system) on failure.
std::string read_to_end(int fd, std::uint64_t limit_bytes, std::string_view thing);

/// Flushes file data and metadata (fsync(2)). Throws Error(system): after a failure the data must be called lost.
void sync_file(int fd, std::string_view thing);

}  // namespace jcb::util
