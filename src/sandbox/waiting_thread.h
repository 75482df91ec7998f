// SPDX-License-Identifier: Apache-2.0
// A thread of a job that waits for the answer to a trapped call: its memory, its descriptors and its view of paths, all
// reached through /proc/TID by descriptors. Whoever acts on one asks Listener::is_waiting between opening and acting.
//
// Paths are resolved as the thread would (its root, its working directory), never as we would: a link to "/" leads to its
// root. Relative paths of one component are opened in their directory; all others from the root downwards with
// RESOLVE_IN_ROOT, a relative one with the directory's own path in front. A directory that is renamed meanwhile makes the
// path another one inside the same root, and never one outside.
#pragma once

#include "util/fd.h"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace jcb::sandbox {

class WaitingThread {
 public:
  explicit WaitingThread(pid_t thread) : m_directory("/proc/" + std::to_string(thread) + "/") {}

  /// Opens its memory, for the calls below. 0, or an errno value.
  int open_memory() noexcept;
  /// A text that ends with a zero byte, at most PATH_MAX. 0, or an errno value.
  int read_text(std::uint64_t address, std::string& text) const;
  int read(std::uint64_t address, void* bytes, std::size_t size) const noexcept;
  int write(std::uint64_t address, const void* bytes, std::size_t size) const noexcept;

  /// O_PATH descriptors; none, with errno, on failure.
  util::Fd open_descriptor(int fd) const;
  util::Fd open_directory(int directory) const;  ///< AT_FDCWD is its working directory
  util::Fd open_path(int directory, const std::string& path, bool follow) const;

  /// Its umask; 022 where the kernel does not tell (before Linux 4.7).
  mode_t umask() const;

 private:
  util::Fd open_link(const std::string& name) const;
  util::Fd open_from_root(const util::Fd* base, const std::string& path, bool follow) const;

  std::string m_directory;
  util::Fd m_memory;
};

}  // namespace jcb::sandbox
