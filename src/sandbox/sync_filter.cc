// SPDX-License-Identifier: Apache-2.0
#include "sandbox/sync_filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>

namespace jcb::sandbox {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t k_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t k_architecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t k_architecture = 0;  // no call is of it: the filter lets everything pass
#endif

constexpr sock_filter load(std::size_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
// Goes on behind `skipped` instructions when the value is not this one.
constexpr sock_filter unless_equal(std::uint32_t value, std::uint8_t skipped) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped);
}
constexpr sock_filter answer(std::uint32_t action) { return BPF_STMT(BPF_RET | BPF_K, action); }

// sync(2) and syncfs(2) would flush the whole file system, other people's files too.
constexpr sock_filter k_filter[] = {
    load(offsetof(seccomp_data, arch)), unless_equal(k_architecture, 11), load(offsetof(seccomp_data, nr)),
    unless_equal(SYS_fsync, 1),         answer(SECCOMP_RET_ERRNO),        unless_equal(SYS_fdatasync, 1),
    answer(SECCOMP_RET_ERRNO),          unless_equal(SYS_sync, 1),        answer(SECCOMP_RET_ERRNO),
    unless_equal(SYS_syncfs, 1),        answer(SECCOMP_RET_ERRNO),        unless_equal(SYS_sync_file_range, 1),
    answer(SECCOMP_RET_ERRNO),          answer(SECCOMP_RET_ALLOW)};

}  // namespace

std::span<const sock_filter> sync_filter() noexcept { return k_filter; }

}  // namespace jcb::sandbox
