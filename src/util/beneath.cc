// SPDX-License-Identifier: Apache-2.0
// Two resolvers with one meaning. openat2 is the real one; the walk serves kernels before 5.6 (JetPack 4) and sandboxes
// whose seccomp profile answers ENOSYS.
#include "util/beneath.h"

#include "util/fd.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <deque>
#include <string>
#include <vector>

namespace jcb::util {
namespace {

// openat2 refuses O_NOCTTY beside O_PATH, which opens nothing that could become a terminal.
int with_safe_flags(int flags) noexcept { return flags | O_CLOEXEC | ((flags & O_PATH) != 0 ? 0 : O_NOCTTY); }

constexpr int k_max_links = 40;  // as the kernel's MAXSYMLINKS
std::atomic<bool> openat2_missing{false};

int call_openat2(int root_fd, const std::string& path, int flags, mode_t mode) noexcept {
  open_how how{};
  how.flags = static_cast<__u64>(flags);
  how.mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, root_fd, path.c_str(), &how, sizeof how);
    // EAGAIN: a rename or mount raced with a ".."; the man page says to try again.
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR) || attempt >= 128) return static_cast<int>(fd);
  }
}

// State of a walk: the directories from the root down to here, and the components still to take.
class Walk {
 public:
  Walk(int root_fd, std::string_view path) {
    m_stack.emplace_back(::fcntl(root_fd, F_DUPFD_CLOEXEC, 3));
    push_front(path);
  }

  int open(int flags, mode_t mode) {
    while (!m_todo.empty()) {
      const std::string name = m_todo.front();
      m_todo.pop_front();
      const bool last = m_todo.empty();
      if (name == "..") {
        if (m_stack.size() > 1) m_stack.pop_back();
        continue;
      }
      if (name == ".") continue;
      const int result = last ? open_last(name, flags, mode) : enter(name);
      if (result != k_go_on) return result;
    }
    return ::openat(m_stack.back().get(), ".", (flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW)), 0);
  }

 private:
  static constexpr int k_go_on = -2;

  int here() const { return m_stack.back().get(); }

  void push_front(std::string_view path) {
    std::vector<std::string> parts;
    for (std::size_t start = 0; start < path.size();) {
      const auto end = std::min(path.find('/', start), path.size());
      if (end > start) parts.emplace_back(path.substr(start, end - start));
      start = end + 1;
    }
    if (!path.empty() && path.back() == '/') parts.emplace_back(".");
    m_todo.insert(m_todo.begin(), parts.begin(), parts.end());
  }

  int follow(int link_fd) {
    if (++m_links > k_max_links) return errno = ELOOP, -1;
    std::array<char, 4097> target;
    const ssize_t size = ::readlinkat(link_fd, "", target.data(), target.size());
    if (size < 0) return -1;
    if (size == 0) return errno = ENOENT, -1;
    if (target[0] == '/') m_stack.resize(1);
    push_front({target.data(), static_cast<std::size_t>(size)});
    return k_go_on;
  }

  int enter(const std::string& name) {
    Fd next(::openat(here(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!next || ::fstat(next.get(), &status) != 0) return -1;
    if (S_ISLNK(status.st_mode)) return follow(next.get());
    if (!S_ISDIR(status.st_mode)) return errno = ENOTDIR, -1;
    m_stack.push_back(std::move(next));
    return k_go_on;
  }

  int open_last(const std::string& name, int flags, mode_t mode) {
    if ((flags & O_NOFOLLOW) == 0) {
      const Fd link(::openat(here(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
      struct stat status {};
      if (link && ::fstat(link.get(), &status) == 0 && S_ISLNK(status.st_mode)) {
        if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) return errno = EEXIST, -1;
        return follow(link.get());
      }
    }
    return ::openat(here(), name.c_str(), flags | O_NOFOLLOW, mode);
  }

  std::vector<Fd> m_stack;
  std::deque<std::string> m_todo;
  int m_links = 0;
};

}  // namespace

int open_beneath_by_walk(int root_fd, std::string_view path, int flags, mode_t mode) noexcept {
  if (path.empty()) return errno = ENOENT, -1;
  if (path.find('\0') != std::string_view::npos) return errno = EINVAL, -1;
  return Walk(root_fd, path).open(with_safe_flags(flags), mode);
}

int open_beneath(int root_fd, std::string_view path, int flags, mode_t mode) noexcept {
  if (path.find('\0') != std::string_view::npos) return errno = EINVAL, -1;
  if (!openat2_missing.load(std::memory_order_relaxed)) {
    const int fd = call_openat2(root_fd, std::string(path), with_safe_flags(flags), mode);
    if (fd >= 0 || errno != ENOSYS) return fd;
    openat2_missing.store(true, std::memory_order_relaxed);
  }
  return open_beneath_by_walk(root_fd, path, flags, mode);
}

}  // namespace jcb::util
