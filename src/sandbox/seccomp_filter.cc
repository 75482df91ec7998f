// SPDX-License-Identifier: Apache-2.0
// What docker's default profile denies to a container without extra capabilities, written as a list of denials: the
// calls that reach the kernel's administration, its keyrings, its tracing or other namespaces. Everything else passes,
// so that a program newer than this file works; the kernel's own capability checks stand behind it.
// Deviations from docker: unshare(2) without namespace flags passes; TIOCSTI and TIOCLINUX are denied (CVE-2017-5226).
#include "sandbox/seccomp_filter.h"

#include "jcbuild/error.h"
#include "sandbox/trapped_calls.h"
#include "util/fd.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>

namespace jcb::sandbox {
namespace {

constexpr const char* k_denied[] = {"_sysctl",
                                    "acct",
                                    "add_key",
                                    "bpf",
                                    "clock_adjtime",
                                    "clock_adjtime64",
                                    "clock_settime",
                                    "clock_settime64",
                                    "create_module",
                                    "delete_module",
                                    "fanotify_init",
                                    "finit_module",
                                    "fsconfig",
                                    "fsmount",
                                    "fsopen",
                                    "fspick",
                                    "get_kernel_syms",
                                    "get_mempolicy",
                                    "init_module",
                                    "io_uring_enter",
                                    "io_uring_register",
                                    "io_uring_setup",
                                    "ioperm",
                                    "iopl",
                                    "kexec_file_load",
                                    "kexec_load",
                                    "keyctl",
                                    "lookup_dcookie",
                                    "mbind",
                                    "migrate_pages",
                                    "mount",
                                    "mount_setattr",
                                    "move_mount",
                                    "move_pages",
                                    "nfsservctl",
                                    "open_by_handle_at",
                                    "open_tree",
                                    "perf_event_open",
                                    "pivot_root",
                                    "query_module",
                                    "quotactl",
                                    "quotactl_fd",
                                    "reboot",
                                    "request_key",
                                    "set_mempolicy",
                                    "set_mempolicy_home_node",
                                    "setdomainname",
                                    "sethostname",
                                    "setns",
                                    "settimeofday",
                                    "stime",
                                    "swapoff",
                                    "swapon",
                                    "sysfs",
                                    "syslog",
                                    "umount",
                                    "umount2",
                                    "uselib",
                                    "userfaultfd",
                                    "ustat",
                                    "vhangup",
                                    "vm86",
                                    "vm86old"};

// CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. In clone(2) the first is part of the signal
// number, so it is left out there.
constexpr scmp_datum_t k_new_time = 0x80;
constexpr scmp_datum_t k_new_namespaces[] = {0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000};

constexpr scmp_datum_t k_low_word = 0xffffffff;
constexpr scmp_datum_t k_af_vsock = 40;

void check(int result, const std::string& what) {
  if (result < 0) throw Error(ErrorKind::unsupported, "cannot make the system call filter: " + what, "", -result);
}

class Filter {
 public:
  Filter() : m_context(seccomp_init(SCMP_ACT_ALLOW), seccomp_release) {
    if (!m_context) throw Error(ErrorKind::unsupported, "cannot make the system call filter");
    // A sorted decision tree instead of a list: most calls are decided after a handful of comparisons.
    seccomp_attr_set(m_context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    add_compatible_architectures();
  }

  // Denies `name` with `error`, always or where the argument matches. Names this architecture lacks are passed over.
  template <typename... Arguments>
  void deny(const char* name, int error, Arguments... arguments) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return;
    check(seccomp_rule_add(m_context.get(), SCMP_ACT_ERRNO(static_cast<unsigned>(error)), number, sizeof...(arguments), arguments...),
          name);
  }

  // Hands `name` to the supervisor, always or where the argument matches.
  template <typename... Arguments>
  void trap(const char* name, Arguments... arguments) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return;
    check(seccomp_rule_add(m_context.get(), SCMP_ACT_NOTIFY, number, sizeof...(arguments), arguments...), name);
  }

  std::vector<sock_filter> compile() const {
    const util::Fd file(::memfd_create("filter", MFD_CLOEXEC));
    if (!file) throw_errno("make", "a memory file");
    check(seccomp_export_bpf(m_context.get(), file.get()), "export");
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    std::vector<sock_filter> program(static_cast<std::size_t>(size) / sizeof(sock_filter));
    ::lseek(file.get(), 0, SEEK_SET);
    util::read_full(file.get(), reinterpret_cast<char*>(program.data()), program.size() * sizeof(sock_filter), "the filter");
    return program;
  }

 private:
  // A 32-bit program must meet the same filter, and not none.
  void add_compatible_architectures() {
    const std::uint32_t native = seccomp_arch_native();
    const auto add = [this](std::uint32_t architecture) {
      const int result = seccomp_arch_add(m_context.get(), architecture);
      if (result != -EEXIST) check(result, "architecture");
    };
    if (native == SCMP_ARCH_X86_64) add(SCMP_ARCH_X86), add(SCMP_ARCH_X32);
    if (native == SCMP_ARCH_AARCH64) add(SCMP_ARCH_ARM);
  }

  std::unique_ptr<void, void (*)(scmp_filter_ctx)> m_context;
};

scmp_arg_cmp has_bits(unsigned argument, scmp_datum_t mask, scmp_datum_t value) { return {argument, SCMP_CMP_MASKED_EQ, mask, value}; }

void deny_namespaces(Filter& filter) {
  for (const scmp_datum_t flag : k_new_namespaces) {
    filter.deny("clone", EPERM, has_bits(0, flag, flag));
    filter.deny("unshare", EPERM, has_bits(0, flag, flag));
  }
  filter.deny("unshare", EPERM, has_bits(0, k_new_time, k_new_time));
  // Its flags are behind a pointer, which a filter cannot read; ENOSYS makes C libraries fall back to clone.
  filter.deny("clone3", ENOSYS);
}

// Only 0, 8, 0x20000, 0x20008 and the query 0xffffffff pass, bit by bit: with bit 31 clear no bit but 3 and 17 may be set;
// with bit 31 set all others must be.
void deny_personalities(Filter& filter) {
  constexpr scmp_datum_t k_top = 0x80000000;
  for (unsigned i = 0; i < 31; ++i) {
    const scmp_datum_t bit = scmp_datum_t{1} << i;
    if (i != 3 && i != 17) filter.deny("personality", EPERM, has_bits(0, k_top | bit, bit));
    filter.deny("personality", EPERM, has_bits(0, k_top | bit, k_top));
  }
}

// Of the nodes that mknod makes only devices need a privilege; of opens only those that can make a file are of interest.
void trap_calls(Filter& filter) {
  for (const auto& [name, call, widened] : trapped_names()) {
    if (call == Call::mknod || call == Call::mknodat) {
      const unsigned mode = call == Call::mknod ? 1 : 2;
      for (const scmp_datum_t type : {scmp_datum_t{S_IFCHR}, scmp_datum_t{S_IFBLK}}) filter.trap(name, has_bits(mode, S_IFMT, type));
    } else if (call == Call::open || call == Call::openat) {
      filter.trap(name, has_bits(call == Call::open ? 1 : 2, O_CREAT, O_CREAT));
    } else {
      filter.trap(name);
    }
  }
}

void deny_calls(Filter& filter) {
  for (const char* name : k_denied) filter.deny(name, EPERM);
  deny_namespaces(filter);
  deny_personalities(filter);
  filter.deny("socket", EAFNOSUPPORT, has_bits(0, k_low_word, k_af_vsock));
  for (const scmp_datum_t request : {scmp_datum_t{TIOCSTI}, scmp_datum_t{TIOCLINUX}})
    filter.deny("ioctl", EPERM, has_bits(1, k_low_word, request));
}

std::vector<sock_filter> make_filter(bool with_denials, bool with_traps) {
  Filter filter;
  if (with_denials) deny_calls(filter);
  if (with_traps) trap_calls(filter);
  return filter.compile();
}

}  // namespace

const std::vector<sock_filter>& step_filter() {
  static const std::vector<sock_filter> filter = make_filter(true, false);
  return filter;
}

const std::vector<sock_filter>& supervised_step_filter() {
  static const std::vector<sock_filter> filter = make_filter(true, true);
  return filter;
}

const std::vector<sock_filter>& supervised_helper_filter() {
  static const std::vector<sock_filter> filter = make_filter(false, true);
  return filter;
}

}  // namespace jcb::sandbox
