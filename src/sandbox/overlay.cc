// SPDX-License-Identifier: Apache-2.0
// Documentation/filesystems/overlayfs.rst. Options beyond the directories:
//   userxattr               opaque marks as user.overlay.*: the only form a user namespace may write (Linux 5.11)
//   redirect_dir=nofollow   a rename of a directory copies it, and redirects found in a lower are not followed
//   metacopy=off, index=off the upper directory holds whole files and nothing but them
//   xino=off                inode numbers as they are below
//   volatile                fsync(2) inside is free: an upper directory counts only after the caller has flushed it
//                           himself, and one whose owner died is garbage; dpkg calls fsync for every file
// Old kernels refuse what they do not know with EINVAL, so shorter lists are tried in turn.
#include "sandbox/overlay.h"

#include "jcbuild/error.h"
#include "sandbox/id_map.h"
#include "sandbox/isolation.h"
#include "sandbox/kernel.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace jcb::sandbox {
namespace {

constexpr std::array<const char*, 4> k_tuning{",redirect_dir=nofollow,metacopy=off,index=off,xino=off,volatile",
                                              ",redirect_dir=nofollow,metacopy=off,index=off,xino=off", ",redirect_dir=off,index=off", ""};

util::Fd open_directory(const std::filesystem::path& path) {
  util::Fd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno("open", path.native());
  return fd;
}

// The directories as options; `prefix` stands before each descriptor number.
std::string make_directories(const std::vector<const util::Root*>& lowers, const util::Fd& upper, const util::Fd& work,
                             std::string_view prefix) {
  std::string options = "lowerdir=";
  for (std::size_t i = 0; i < lowers.size(); ++i) options.append(i > 0 ? ":" : "").append(prefix).append(std::to_string(lowers[i]->fd()));
  if (upper) options.append(",upperdir=").append(prefix).append(std::to_string(upper.get()));
  if (work) options.append(",workdir=").append(prefix).append(std::to_string(work.get()));
  return options;
}

// 0, or an errno value.
int try_mount(const std::string& mount_point, const std::string& directories, bool writable) {
  const std::string xattr = is_initial(enter_isolation().uids) ? "" : ",userxattr";
  const unsigned long flags = writable ? 0 : MS_RDONLY;
  int error = EINVAL;
  for (std::size_t i = writable ? 0 : 1; i < k_tuning.size() && error == EINVAL; ++i) {
    const std::string options = directories + xattr + k_tuning[i];
    error = ::mount("overlay", mount_point.c_str(), "overlay", flags, options.c_str()) == 0 ? 0 : errno;
  }
  return error;
}

// mount(2) takes one page of options. Beyond that the mount is made by a child (in the same mount namespace) whose
// working directory is /proc/self/fd, so that bare numbers name the directories.
int try_mount_in_child(const std::string& mount_point, const std::string& directories, bool writable) {
  const pid_t pid = ::fork();
  if (pid < 0) return errno;
  if (pid == 0) ::_exit(::chdir("/proc/self/fd") != 0 ? errno : try_mount(mount_point, directories, writable));
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

constexpr std::size_t k_max_options = 3900;

void mount_overlay(const std::vector<const util::Root*>& lowers, const util::Fd& upper, const util::Fd& work,
                   const std::filesystem::path& mount_point) {
  const std::string target = std::filesystem::absolute(mount_point);
  const std::string long_form = make_directories(lowers, upper, work, "/proc/self/fd/");
  const bool writable = static_cast<bool>(upper);
  const int error = long_form.size() <= k_max_options ? try_mount(target, long_form, writable)
                                                      : try_mount_in_child(target, make_directories(lowers, upper, work, ""), writable);
  if (error == ENODEV || (error == EPERM && !is_initial(enter_isolation().uids)))
    throw Error(ErrorKind::unsupported, "the kernel mounts no overlay file system for us",
                error == ENODEV ? "modprobe overlay" : "needs Linux 5.11, or run jcbuild as root", error);
  if (error != 0) throw_errno("mount overlay at", mount_point.native(), error);
}

void mount_bind(const util::Root& source, const std::filesystem::path& mount_point) {
  const util::Fd tree(kernel::clone_tree(kernel::FdPath(source.fd()).c_str()));
  if (!tree) throw_errno("copy the mount for", mount_point.native());
  const util::Fd target = open_directory(mount_point);
  if (kernel::attach_tree(tree.get(), target.get()) != 0) throw_errno("bind at", mount_point.native());
  if (kernel::restrict_mount(tree.get(), kernel::k_read_only, true) == 0) return;
  const int error = errno;
  ::umount2(mount_point.c_str(), MNT_DETACH);
  throw_errno("make read-only", mount_point.native(), error);
}

// `volatile` leaves a mark that forbids the next mount until someone vouches for the upper directory: our caller does.
void remove_volatile_mark(const std::filesystem::path& work) { util::Root::open(work).remove_tree("work/incompat"); }

}  // namespace

OverlayMount::OverlayMount(const std::vector<const util::Root*>& lowers_top_first, const std::filesystem::path& upper,
                           const std::filesystem::path& work, const std::filesystem::path& mount_point)
    : m_path(mount_point) {
  if (lowers_top_first.empty()) throw Error(ErrorKind::invalid, "an overlay needs a lower directory");
  if (!is_isolated()) throw Error(ErrorKind::unsupported, "mounts need enter_isolation first");
  if (!can_mount())
    throw Error(ErrorKind::unsupported, "this needs mounts, which the isolation 'chroot' does without",
                "run it where jcbuild may mount (docker: --privileged)");
  if (!upper.empty()) {
    remove_volatile_mark(work);
    mount_overlay(lowers_top_first, open_directory(upper), open_directory(work), mount_point);
  } else if (lowers_top_first.size() > 1) {
    mount_overlay(lowers_top_first, {}, {}, mount_point);
  } else {
    mount_bind(*lowers_top_first[0], mount_point);
  }
}

OverlayMount::~OverlayMount() { ::umount2(m_path.c_str(), MNT_DETACH); }

}  // namespace jcb::sandbox
