// SPDX-License-Identifier: Apache-2.0
#include "util/child.h"

#include "jcbuild/error.h"
#include "util/file.h"
#include "util/interrupt.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

namespace jcb::util {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& strings, const std::string* first = nullptr) {
  std::vector<char*> result;
  if (first != nullptr) result.push_back(const_cast<char*>(first->c_str()));
  for (const auto& text : strings) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

// Everything the child needs between fork and exec, prepared by the parent: the child must not allocate.
struct Launch {
  const char* program;
  char* const* argv;
  char* const* envp;
  const char* directory;
  std::array<int, 3> stdio;
  int error_fd;
  pid_t parent;
};

[[noreturn]] void fail_launch(const Launch& launch) noexcept {
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(launch.error_fd, &error, sizeof error);
  ::_exit(127);
}

void reset_signals() noexcept {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void run_launch(const Launch& launch) noexcept {
  reset_signals();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != launch.parent) ::_exit(127);
  std::array<int, 3> sources = launch.stdio;
  // Move sources out of 0-2 first, so that no dup2 below overwrites one that is still needed.
  for (int& fd : sources) {
    if (fd < 3) fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0) fail_launch(launch);
  }
  for (int target = 0; target < 3; ++target) {
    if (::dup2(sources[static_cast<std::size_t>(target)], target) < 0) fail_launch(launch);
  }
  if (::chdir(launch.directory) != 0) fail_launch(launch);
  ::execve(launch.program, launch.argv, launch.envp);
  fail_launch(launch);
}

int read_launch_error(int fd) {
  int error = 0;
  const std::size_t got = read_full(fd, reinterpret_cast<char*>(&error), sizeof error, "the launch pipe");
  return got == sizeof error ? error : 0;
}

// Whether the ids that stat shows are those of the host. In a user namespace 0 is its owner, and the host's root, which
// is not mapped, shows as the overflow id.
bool has_host_ids() {
  const auto map = find_file("/proc/self/uid_map", 4096);
  return !map || map->find("4294967295") != std::string::npos;
}

bool is_safe_owner(const struct stat& status) {
  constexpr uid_t k_overflow = 65534;  // /proc/sys/kernel/overflowuid, never changed in practice
  const bool root = status.st_uid == 0 || (status.st_uid == k_overflow && !has_host_ids());
  return root && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool is_trusted_program(const std::filesystem::path& path) {
  struct stat file {
  }, directory{};
  if (::stat(path.c_str(), &file) != 0 || !S_ISREG(file.st_mode) || ::access(path.c_str(), X_OK) != 0) return false;
  return ::stat(path.parent_path().c_str(), &directory) == 0 && is_safe_owner(file) && is_safe_owner(directory);
}

void append_limited(std::string& text, std::string_view bytes, std::size_t limit) {
  text.append(bytes.substr(0, limit - std::min(limit, text.size())));
}

// Reads until both streams end; false when an interrupt came first.
bool drain(int out_fd, int err_fd, Captured& captured, std::size_t limit) {
  std::array<pollfd, 3> polls{{{out_fd, POLLIN, 0}, {err_fd, POLLIN, 0}, {interrupt_fd(), POLLIN, 0}}};
  std::array<char, 16384> buffer;
  while (polls[0].fd >= 0 || polls[1].fd >= 0) {
    if (::poll(polls.data(), polls.size(), -1) < 0 && errno != EINTR) throw_errno("wait for", "a helper");
    if (polls[2].revents != 0) return false;
    for (std::size_t i = 0; i < 2; ++i) {
      if (polls[i].fd < 0 || polls[i].revents == 0) continue;
      const ssize_t got = ::read(polls[i].fd, buffer.data(), buffer.size());
      if (got > 0) append_limited(i == 0 ? captured.out : captured.err, {buffer.data(), static_cast<std::size_t>(got)}, limit);
      if (got == 0 || (got < 0 && errno != EINTR)) polls[i].fd = -1;
    }
  }
  return true;
}

}  // namespace

ExitStatus to_exit_status(int wait_status) noexcept {
  if (WIFSIGNALED(wait_status)) return {128 + WTERMSIG(wait_status), true};
  return {WEXITSTATUS(wait_status), false};
}

Child Child::start(const Command& command, const Stdio& stdio) {
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) throw_errno("open", "/dev/null");
  Pipe error_pipe = make_pipe();
  const auto argv = pointers(command.arguments, &command.program.native());
  const auto envp = pointers(command.environment);
  const auto pick = [&](int fd) { return fd >= 0 ? fd : null.get(); };
  const Launch launch{
      command.program.c_str(),    argv.data(), envp.data(), command.directory.c_str(), {pick(stdio.in), pick(stdio.out), pick(stdio.err)},
      error_pipe.write_end.get(), ::getpid()};
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("start", command.program.native());
  if (pid == 0) run_launch(launch);
  Child child(pid, Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
  error_pipe.write_end.reset();
  if (const int error = read_launch_error(error_pipe.read_end.get())) throw_errno("execute", command.program.native(), error);
  return child;
}

Child::Child(Child&& other) noexcept : m_pid(std::exchange(other.m_pid, -1)), m_pidfd(std::move(other.m_pidfd)) {}

Child::~Child() {
  if (m_pid <= 0) return;
  kill(SIGKILL);
  while (::waitpid(m_pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Child::kill(int signal) noexcept {
  if (m_pid > 0) ::kill(m_pid, signal);
}

ExitStatus Child::wait() {
  std::array<pollfd, 2> polls{{{m_pidfd.get(), POLLIN, 0}, {interrupt_fd(), POLLIN, 0}}};
  while (m_pidfd && polls[0].revents == 0) {
    if (::poll(polls.data(), polls.size(), -1) < 0 && errno != EINTR) throw_errno("wait for", "a helper");
    check_interrupt();  // the destructor kills and reaps
  }
  int status = 0;
  while (::waitpid(m_pid, &status, 0) < 0) {
    if (errno != EINTR) throw_errno("wait for", "a helper");
  }
  m_pid = -1;
  return to_exit_status(status);
}

Captured run_captured(const Command& command, std::string_view input, std::size_t limit_bytes) {
  Pipe in = make_pipe(), out = make_pipe(), err = make_pipe();
  Child child = Child::start(command, {in.read_end.get(), out.write_end.get(), err.write_end.get()});
  in.read_end.reset();
  out.write_end.reset();
  err.write_end.reset();
  std::thread writer([&in, input] {
    try {
      write_all(in.write_end.get(), input, "a helper's input");
    } catch (const Error&) {
      // The helper closed its input early; its status tells the story.
    }
    in.write_end.reset();
  });
  Captured captured;
  const bool finished = drain(out.read_end.get(), err.read_end.get(), captured, limit_bytes);
  if (!finished) child.kill(SIGKILL);
  writer.join();
  if (!finished) check_interrupt();
  captured.status = child.wait();
  return captured;
}

std::optional<std::filesystem::path> find_trusted_program(std::string_view name) {
  for (const char* directory : {"/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"}) {
    std::filesystem::path path = std::filesystem::path(directory) / name;
    if (is_trusted_program(path)) return path;
  }
  return std::nullopt;
}

std::filesystem::path require_trusted_program(std::string_view name, std::string_view hint) {
  if (auto path = find_trusted_program(name)) return *path;
  throw Error(ErrorKind::unsupported, std::string(name) + " is not installed", std::string(hint));
}

}  // namespace jcb::util
