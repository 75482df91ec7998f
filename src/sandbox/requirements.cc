// SPDX-License-Identifier: Apache-2.0
// What a user namespace of ours needs. Settings are read to name the cause; whether it works is found by trying it in a
// child, because sysctls, AppArmor, seccomp and kernel options can each forbid it in their own way.
#include "sandbox/requirements.h"

#include "sandbox/chroot_tier.h"

#include "util/child.h"
#include "util/file.h"
#include "util/text.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace jcb::sandbox {
namespace {

constexpr const char* k_apparmor_fix =
    "write 'abi <abi/4.0>, include <tunables/global> profile jcbuild /usr/bin/jcbuild flags=(unconfined) { userns, }' to "
    "/etc/apparmor.d/jcbuild and run 'apparmor_parser -r /etc/apparmor.d/jcbuild', or run "
    "'sysctl kernel.apparmor_restrict_unprivileged_userns=0'";

std::string own_name() {
  const passwd* entry = ::getpwuid(::getuid());
  return entry != nullptr ? entry->pw_name : std::to_string(::getuid());
}

std::string setting(const char* path) { return std::string(util::trim(util::find_file(path, 4096).value_or(""))); }

std::uint64_t total(const std::vector<SubordinateRange>& ranges) {
  std::uint64_t sum = 0;
  for (const auto& range : ranges) sum += range.count;
  return sum;
}

void check_program(const char* name, std::vector<Missing>& missing) {
  const auto program = util::find_trusted_program(name);
  if (!program) {
    missing.push_back({std::string(name) + " is not installed", "apt install uidmap"});
    return;
  }
  struct stat status {};
  const bool is_setuid = ::stat(program->c_str(), &status) == 0 && (status.st_mode & S_ISUID) != 0;
  const bool has_capability = ::getxattr(program->c_str(), "security.capability", nullptr, 0) > 0;
  if (!is_setuid && !has_capability)
    missing.push_back({program->native() + " is not setuid root and has no file capability", "chmod u+s " + program->native()});
}

void check_ranges(std::vector<Missing>& missing) {
  const auto ranges = find_own_ranges();
  const std::string fix = "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 " + own_name();
  // 65535 and the caller make the 65536 ids that images use; nobody is 65534.
  for (const auto& [count, file] : {std::pair{total(ranges.uids), "/etc/subuid"}, std::pair{total(ranges.gids), "/etc/subgid"}}) {
    if (count == 0) missing.push_back({own_name() + " has no range in " + file, fix});
    if (count > 0 && count < 65535) missing.push_back({own_name() + " has fewer than 65535 ids in " + file, fix});
  }
}

void check_namespace_settings(std::vector<Missing>& missing) {
  if (setting("/proc/sys/user/max_user_namespaces") == "0")
    missing.push_back({"user namespaces are switched off (user.max_user_namespaces is 0)", "sysctl user.max_user_namespaces=15000"});
  if (setting("/proc/sys/kernel/unprivileged_userns_clone") == "0")
    missing.push_back(
        {"user namespaces are for root only (kernel.unprivileged_userns_clone is 0)", "sysctl kernel.unprivileged_userns_clone=1"});
}

void check_new_privileges(std::vector<Missing>& missing) {
  if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
    missing.push_back({"no_new_privs is set, so that newuidmap cannot gain its privilege",
                       "start jcbuild outside the container or service that sets it (docker: without no-new-privileges)"});
}

// Steps of the trial, in order; the exit status of the child is the one that failed.
enum Trial : int { k_works = 0, k_namespace, k_map, k_mount, k_overlay };

bool write_text(const char* path, const char* text) noexcept {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  return fd >= 0 && ::write(fd, text, std::strlen(text)) == static_cast<ssize_t>(std::strlen(text));
}

Trial try_namespace(const char* uid_map, const char* gid_map) noexcept {
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return k_namespace;
  if (!write_text("/proc/self/setgroups", "deny") || !write_text("/proc/self/uid_map", uid_map)) return k_map;
  if (!write_text("/proc/self/gid_map", gid_map)) return k_map;
  if (::mount("tmpfs", "/tmp", "tmpfs", 0, nullptr) != 0) return k_mount;
  for (const char* directory : {"/tmp/l", "/tmp/u", "/tmp/w", "/tmp/m"}) {
    if (::mkdir(directory, 0700) != 0) return k_mount;
  }
  const bool mounted = ::mount("overlay", "/tmp/m", "overlay", 0, "lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w,userxattr") == 0;
  return mounted ? k_works : k_overlay;
}

int run_trial() {
  const std::string uid_map = "0 " + std::to_string(::getuid()) + " 1";
  const std::string gid_map = "0 " + std::to_string(::getgid()) + " 1";
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(try_namespace(uid_map.c_str(), gid_map.c_str()));
  int status = 0;
  while (pid > 0 && ::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : int{k_namespace};
}

void check_kernel(std::vector<Missing>& missing) {
  const int failed = run_trial();
  if (failed == k_works) return;
  if (setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" && failed != k_overlay) {
    missing.push_back({"AppArmor restricts user namespaces (kernel.apparmor_restrict_unprivileged_userns is 1)", k_apparmor_fix});
  } else if (failed == k_overlay) {
    missing.push_back({"the kernel mounts no overlay in a user namespace (needs Linux 5.11)", "update the kernel, or run jcbuild as root"});
  } else if (missing.empty()) {
    missing.push_back({"user namespaces are refused (a container's seccomp or AppArmor profile, or a kernel without USER_NS)",
                       "in docker: --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt "
                       "systempaths=unconfined"});
  }
}

void check_notifications(std::vector<Missing>& missing) {
  std::uint32_t action = SECCOMP_RET_USER_NOTIF;
  seccomp_notif_sizes sizes{};
  const bool known = ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
  if (known && ::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0) return;
  missing.push_back({"the kernel has no seccomp notifications (needs Linux 5.0 and SECCOMP_FILTER)",
                     "update the kernel, or give this user subordinate ids: usermod --add-subuids 100000-165535 --add-subgids "
                     "100000-165535 " +
                         own_name()});
}

std::vector<Missing> missing_for_root() {
  if (can_administer()) return {};
  if (::geteuid() != 0) return {{"this user is not root", "sudo jcbuild"}};
  return {{"root has no CAP_SYS_ADMIN here (a container?)",
           "in docker: --privileged, or --cap-add SYS_ADMIN --security-opt "
           "seccomp=unconfined --security-opt apparmor=unconfined"}};
}

std::vector<Missing> missing_for_userns() {
  std::vector<Missing> missing;
  check_program("newuidmap", missing);
  check_program("newgidmap", missing);
  check_ranges(missing);
  check_namespace_settings(missing);
  check_new_privileges(missing);
  check_kernel(missing);
  return missing;
}

std::vector<Missing> missing_for_single_uid() {
  std::vector<Missing> missing;
  check_namespace_settings(missing);
  check_notifications(missing);
  check_kernel(missing);
  return missing;
}

}  // namespace

Tier choose_tier() {
  if (can_administer()) return Tier::root;
  std::vector<Missing> missing;
  check_program("newuidmap", missing);
  check_program("newgidmap", missing);
  check_ranges(missing);
  check_new_privileges(missing);
  const Tier tier = missing.empty() ? Tier::userns : Tier::single_uid;
  // The last rung, for root in a container; whether the kernel refuses a namespace is found only by trying.
  const bool last_rung = ::geteuid() == 0 && find_missing_for_chroot().empty() && !find_missing_pieces(tier).empty();
  return last_rung ? Tier::chroot : tier;
}

const char* tier_name(Tier tier) noexcept {
  switch (tier) {
    case Tier::root:
      return "root";
    case Tier::userns:
      return "userns";
    case Tier::single_uid:
      return "single-uid";
    case Tier::chroot:
      return "chroot";
  }
  return "";
}

std::vector<Missing> find_missing_pieces(Tier tier) {
  if (tier == Tier::root) return missing_for_root();
  if (tier == Tier::chroot) return find_missing_for_chroot();
  return tier == Tier::userns ? missing_for_userns() : missing_for_single_uid();
}

std::vector<TierReport> probe_tiers() {
  std::vector<TierReport> reports;
  for (const Tier tier : {Tier::root, Tier::userns, Tier::single_uid, Tier::chroot}) reports.push_back({tier, find_missing_pieces(tier)});
  return reports;
}

bool can_administer() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::geteuid() != 0 || ::syscall(SYS_capget, &header, data.data()) != 0) return false;
  return (data[0].effective & (1U << CAP_SYS_ADMIN)) != 0;
}

OwnRanges find_own_ranges() {
  const auto read = [](const char* path) {
    return parse_subordinate_ranges(util::find_file(path, 1 << 20).value_or(""), own_name(), ::getuid());
  };
  return {read("/etc/subuid"), read("/etc/subgid")};
}

std::vector<Missing> find_missing_pieces() {
  if (is_isolated()) return {};
  return find_missing_pieces(choose_tier());
}

}  // namespace jcb::sandbox
