// SPDX-License-Identifier: Apache-2.0
// pid 1 of a job and the last steps before exec. See launch.h for what may be called here.
#include "sandbox/kernel.h"
#include "sandbox/launch.h"
#include "sandbox/listener.h"
#include "util/pass_descriptor.h"

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace jcb::sandbox {

const char* const k_execute = "execute";

namespace {

// CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD AUDIT_WRITE
// SETFCAP: docker's default set.
constexpr std::uint64_t k_capabilities = 0xa80425fb;

// Where reports go: the parent's number for it until the descriptors are arranged, then k_report_fd. A global, but of the
// child's own copy of memory: it lives as long as pid 1 and is never set in the parent.
constexpr int k_report_fd = 3;
constexpr int k_supervisor_fd = 4;
int report_fd = -1;

void require(bool good, const char* operation, const char* thing) noexcept {
  if (!good) fail(operation, thing);
}

// Handlers of the parent would write to its pipes; ignored signals would stay ignored in the command.
void reset_signals() noexcept {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
}

void unblock_signals() noexcept {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

sigset_t init_signals() noexcept {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGCHLD);
  ::sigaddset(&set, SIGTERM);
  return set;
}

// PR_SET_PDEATHSIG must be set in pid 1 itself: the kernel then kills the whole namespace with it. getppid() is 0 here,
// so whether the parent died before the prctl is asked of its pidfd.
void die_with_parent(const LaunchPlan& plan, int death_signal) noexcept {
  ::prctl(PR_SET_PDEATHSIG, death_signal);
  pollfd parent{plan.parent, POLLIN, 0};
  if (::poll(&parent, 1, 0) != 0) ::_exit(127);
}

void raise_loopback() noexcept {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", 3);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  require(socket >= 0 && ::ioctl(socket, SIOCSIFFLAGS, &request) == 0, "bring up", "the loopback interface");
}

bool is_below_proc(const char* path) noexcept { return std::strncmp(path, "/proc", 5) == 0 && (path[5] == '/' || path[5] == '\0'); }

// Makes the missing part of the working directory, as docker does. We are inside the root by now, so that links of the
// image cannot lead out.
void make_directories(const char* path) noexcept {
  std::array<char, 4096> prefix;
  const std::size_t size = std::strlen(path);
  if (size >= prefix.size()) return;
  for (std::size_t i = 1; i <= size; ++i) {
    if (path[i] != '/' && path[i] != '\0') continue;
    std::memcpy(prefix.data(), path, i);
    prefix[i] = '\0';
    ::mkdir(prefix.data(), 0755);
  }
}

}  // namespace

// CVE-2024-21626: a working directory such as /proc/self/fd/7 may be a leaked directory outside.
void enter_working_directory(const LaunchPlan& plan) noexcept {
  constexpr const char* operation = "enter the working directory";
  if (::chdir(plan.working_directory) != 0) {
    require(errno == ENOENT, operation, plan.working_directory);
    make_directories(plan.working_directory);
    require(::chdir(plan.working_directory) == 0, operation, plan.working_directory);
  }
  std::array<char, 4096> real{};
  require(::syscall(SYS_getcwd, real.data(), real.size()) > 0, operation, plan.working_directory);
  errno = EACCES;
  require(real[0] == '/' && !is_below_proc(real.data()), operation, plan.working_directory);
}

// Descriptors 0, 1, 2, 3 (the report) and, in a supervised job, 4 are all that stays; also those that we inherited without close-on-exec.
void arrange_descriptors(const LaunchPlan& plan) noexcept {
  const int report = ::fcntl(plan.report, F_DUPFD_CLOEXEC, k_supervisor_fd + 1);
  const int output = ::fcntl(plan.terminal >= 0 ? plan.terminal : plan.output, F_DUPFD_CLOEXEC, k_supervisor_fd + 1);
  const bool supervised = plan.supervisor >= 0;
  const int supervisor = supervised ? ::fcntl(plan.supervisor, F_DUPFD_CLOEXEC, k_supervisor_fd + 1) : -1;
  const int null = plan.terminal >= 0 ? output : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const bool good = report >= 0 && output >= 0 && null >= 0 && ::dup2(null, 0) >= 0 && ::dup2(output, 1) >= 0 && ::dup2(output, 2) >= 0;
  require(good && ::dup3(report, k_report_fd, O_CLOEXEC) >= 0, "arrange", "descriptors");
  report_fd = k_report_fd;
  require(!supervised || ::dup3(supervisor, k_supervisor_fd, O_CLOEXEC) >= 0, "arrange", "descriptors");
  const unsigned first_closed = supervised ? k_supervisor_fd + 1 : k_report_fd + 1;
  if (kernel::close_from(first_closed) == 0) return;
  rlimit limit{1024, 1024};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  for (rlim_t fd = first_closed; fd < limit.rlim_cur; ++fd) ::close(static_cast<int>(fd));
}

namespace {

// Without SETPCAP, which only tier chroot can lack, the set stays as the container has it.
void bound_capabilities(const LaunchPlan& plan) noexcept {
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if ((k_capabilities >> capability & 1) != 0) continue;
    const bool dropped = ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0;
    require(dropped || (errno == EPERM && plan.root_fd >= 0), "drop", "capabilities");
  }
}

void install_filter(const LaunchPlan& plan) noexcept {
  const sock_fprog program{static_cast<unsigned short>(plan.filter.size()), const_cast<sock_filter*>(plan.filter.data())};
  // Without SPEC_ALLOW (Linux 4.17) kernels before 5.16 slow down every filtered process against Spectre v4.
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) == 0) return;
  require(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0, "install", "the system call filter");
}

// As install_filter, for a filter that asks the supervisor, who gets the descriptor to answer at. A call that he has taken
// up is not interrupted by signals (Linux 5.19): else a chown could be carried out and reported as interrupted.
void install_supervised_filter(const LaunchPlan& plan) noexcept {
  constexpr unsigned k_wait_killable_recv = 1U << 5;
  constexpr unsigned listener_flag = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  const sock_fprog program{static_cast<unsigned short>(plan.filter.size()), const_cast<sock_filter*>(plan.filter.data())};
  long listener = -1;
  for (const unsigned flags :
       {unsigned{SECCOMP_FILTER_FLAG_SPEC_ALLOW} | k_wait_killable_recv, unsigned{SECCOMP_FILTER_FLAG_SPEC_ALLOW}, 0U}) {
    if (listener < 0) listener = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | listener_flag, &program);
  }
  require(listener >= 0, "install", "the supervised system call filter");
  require(util::send_descriptor(k_supervisor_fd, static_cast<int>(listener)), "reach", "the supervisor");
}

// Inheritable and ambient sets empty (CVE-2022-24769); permitted no larger than the bounding set.
void limit_capabilities(const LaunchPlan& plan) noexcept {
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  require(::syscall(SYS_capget, &header, data.data()) == 0, "read", "capabilities");
  const bool none = plan.supervisor >= 0 && plan.uid != 0;
  // Really still uid 0, whom execve would give all of them again.
  if (none) require(::prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0) == 0, "lock", "capabilities");
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i].inheritable = 0;
    if (!plan.privileged) data[i].permitted &= static_cast<std::uint32_t>(k_capabilities >> (32 * i));
    if (none) data[i].permitted = 0;
    data[i].effective = data[i].permitted;
  }
  require(::syscall(SYS_capset, &header, data.data()) == 0, "limit", "capabilities");
}

void become_user(const LaunchPlan& plan) noexcept {
  if (plan.supervisor >= 0) return;
  // Else a command that is not root could not open /dev/stdout anew.
  [[maybe_unused]] const int result = ::fchown(1, plan.uid, static_cast<gid_t>(-1));
  // The raw calls: the wrappers would ask other threads, which do not exist here, to follow.
  require(plan.keep_groups || ::syscall(SYS_setgroups, plan.groups.size(), plan.groups.data()) == 0, "set", "the groups");
  require(::syscall(SYS_setresgid, plan.gid, plan.gid, plan.gid) == 0, "set", "the group (is it mapped?)");
  require(::syscall(SYS_setresuid, plan.uid, plan.uid, plan.uid) == 0, "set", "the user (is it mapped?)");
}

// As execvp, without its fall-back to sh for files that are no programs.
[[noreturn]] void execute(const LaunchPlan& plan) noexcept {
  int error = ENOENT;
  for (char* const* candidate = plan.candidates; *candidate != nullptr; ++candidate) {
    ::execve(*candidate, plan.argv, plan.environment);
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) fail(k_execute, plan.argv[0]);
    if (errno == EACCES) error = EACCES;
  }
  errno = error;
  fail(k_execute, plan.argv[0]);
}

void send(const Report& report) noexcept { [[maybe_unused]] const ssize_t written = ::write(report_fd, &report, sizeof report); }

// Waits for everybody, forwards SIGTERM to everybody, ends with the command.
[[noreturn]] void reap(pid_t command) noexcept {
  const sigset_t signals = init_signals();
  for (;;) {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid != command) continue;
      send({.wait_status = status});
      ::_exit(0);
    }
    if (::sigwaitinfo(&signals, nullptr) == SIGTERM) ::kill(-1, SIGTERM);
  }
}

}  // namespace

void fail(const char* operation, const char* thing) noexcept {
  send({operation, thing, errno, 0});
  ::_exit(127);
}

void run_command(const LaunchPlan& plan) noexcept {
  reset_signals();
  unblock_signals();
  ::umask(022);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  require(::setsid() >= 0, "start", "a session");    // no controlling terminal: TIOCSTI (CVE-2017-5226)
  if (plan.terminal >= 0) ::ioctl(0, TIOCSCTTY, 0);  // without one a shell has no job control, which is no failure
  if (!plan.privileged) bound_capabilities(plan);
  if (plan.supervisor >= 0) install_supervised_filter(plan);
  if (plan.supervisor < 0 && !plan.filter.empty()) install_filter(plan);
  become_user(plan);
  limit_capabilities(plan);
  execute(plan);
}

void begin_init(const LaunchPlan& plan, int death_signal) noexcept {
  report_fd = plan.report;
  die_with_parent(plan, death_signal);
  reset_signals();
  ::setsid();
  ::umask(022);
}

void report_status(int wait_status) noexcept { send({.wait_status = wait_status}); }

void run_init(const LaunchPlan& plan) noexcept {
  begin_init(plan, SIGKILL);
  if (plan.new_network) raise_loopback();
  require(::sethostname(plan.hostname.data(), plan.hostname.size()) == 0, "set", "the host name");
  set_up_mounts(plan);
  arrange_descriptors(plan);  // first: a working directory through /proc/self/fd must find none of ours
  enter_working_directory(plan);
  // Not fork(3): its handlers may wait for a lock that a thread of the parent held.
  const long command = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (command == 0) run_command(plan);
  require(command > 0, "start", "the command's process");
  if (plan.supervisor >= 0) ::close(k_supervisor_fd);
  // Our memory is a copy of the parent's: nobody in there may look at it.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  ::dup2(0, 1);
  ::dup2(0, 2);
  reap(static_cast<pid_t>(command));
}

}  // namespace jcb::sandbox
