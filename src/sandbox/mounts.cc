// SPDX-License-Identifier: Apache-2.0
// The mounts of a job, made in the child. Every target is opened below the root by descriptor, one component at a time,
// links refused, and named to mount(2) as /proc/self/fd/N (the parent's /proc, still there until pivot_root).
// Devices and masks come from descriptors of the host's nodes, checked to be what they should be (CVE-2025-31133).
#include "sandbox/kernel.h"
#include "sandbox/launch.h"
#include "util/fd.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace jcb::sandbox {
namespace {

using kernel::FdPath;
using util::Fd;

constexpr int k_path_flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
constexpr unsigned long k_data_only = MS_NOSUID | MS_NODEV | MS_NOEXEC;

// The next component of a path into `name`; where the rest begins, or null at the end or for one that is too long.
const char* next_component(const char* path, char (&name)[256]) noexcept {
  while (*path == '/') ++path;
  const char* end = path;
  while (*end != '\0' && *end != '/') ++end;
  const auto size = static_cast<std::size_t>(end - path);
  if (size == 0 || size >= sizeof name) return nullptr;
  std::memcpy(name, path, size);
  name[size] = '\0';
  return end;
}

// Opens a link-free path below `base`.
Fd walk(int base, const char* path) noexcept {
  Fd here(::fcntl(base, F_DUPFD_CLOEXEC, 3));
  char name[256];
  while (here && (path = next_component(path, name)) != nullptr) {
    here = Fd(::openat(here.get(), name, k_path_flags));
    struct stat status {};
    if (here && ::fstat(here.get(), &status) == 0 && S_ISLNK(status.st_mode)) return errno = ELOOP, Fd();
  }
  return here;
}

bool make_entry(int parent, const char* name, bool directory) noexcept {
  if (directory) return ::mkdirat(parent, name, 0755) == 0 || errno == EEXIST;
  return static_cast<bool>(Fd(::openat(parent, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)));
}

// As walk, making what is missing: only for the fresh /dev.
Fd make_walk(int base, const char* path, bool directory) noexcept {
  Fd here(::fcntl(base, F_DUPFD_CLOEXEC, 3));
  char name[256];
  while (here && (path = next_component(path, name)) != nullptr) {
    const bool last = path[std::strspn(path, "/")] == '\0';
    if (!make_entry(here.get(), name, !last || directory)) return Fd();
    here = Fd(::openat(here.get(), name, k_path_flags));
  }
  return here;
}

class Mounter {
 public:
  explicit Mounter(const LaunchPlan& plan) noexcept : m_plan(plan) {}

  void run() noexcept {
    open_root();
    mount_proc();
    mount_sys();
    mount_dev();
    for (const auto& bind : m_plan.binds) attach(bind);
    for (const auto& file : m_plan.files) show_file(file);
    for (const auto& bind : m_plan.binds) finish_tmpfs(bind);
    if (m_plan.read_only_root) require(kernel::restrict_mount(m_root.get(), kernel::k_read_only, false) == 0, "make read-only", "/");
    pivot();
  }

 private:
  static void require(bool good, const char* operation, const char* thing) noexcept {
    if (!good) fail(operation, thing);
  }

  Fd target(const char* path) const noexcept {
    Fd fd = walk(m_root.get(), path);
    require(static_cast<bool>(fd), "open in the root file system", path);
    return fd;
  }

  void mount(const char* type, const Fd& at, unsigned long flags, const char* options, const char* thing) const noexcept {
    require(::mount(type, FdPath(at.get()).c_str(), type, flags, options) == 0, "mount", thing);
  }

  static bool bind(int source, int at, unsigned long flags = 0) noexcept {
    return ::mount(FdPath(source).c_str(), FdPath(at).c_str(), nullptr, MS_BIND | flags, nullptr) == 0;
  }

  // The root as a mount of its own: pivot_root needs one, and its restrictions are for this job only. Without nodev a
  // step in a real root's sandbox could mknod the host's disk (docker has a device cgroup for that).
  void open_root() noexcept {
    require(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make private", "the mounts");
    require(::mount(m_plan.root, m_plan.root, nullptr, MS_BIND | MS_REC, nullptr) == 0, "bind", m_plan.root);
    m_root = Fd(::open(m_plan.root, O_PATH | O_DIRECTORY | O_CLOEXEC));
    require(static_cast<bool>(m_root), "open", m_plan.root);
    if (m_plan.privileged && !m_plan.insecure) return;
    require(kernel::restrict_mount(m_root.get(), kernel::k_no_devices, true) == 0, "restrict", m_plan.root);
    m_null = open_device("/dev/null", makedev(1, 3));
  }

  Fd open_device(const char* path, dev_t number) const noexcept {
    Fd device(::open(path, k_path_flags));
    struct stat status {};
    require(device && ::fstat(device.get(), &status) == 0, "open", path);
    errno = ENODEV;
    require(S_ISCHR(status.st_mode) && status.st_rdev == number, "use as a device", path);
    return device;
  }

  // A container whose /proc is partly covered may not mount a new one; its own then serves: /proc/self is right also
  // for us, only the pid numbers are those of outside.
  void mount_proc() noexcept {
    Fd at = target("proc");
    if (::mount("proc", FdPath(at.get()).c_str(), "proc", k_data_only, nullptr) != 0) show_outer_proc(at);
    if (m_plan.privileged) return;
    at = target("proc");
    for (const char* name : {"asound", "acpi", "interrupts", "kcore", "keys", "latency_stats", "timer_list", "timer_stats", "sched_debug",
                             "scsi", "sysrq-trigger"})
      mask(at, name);
    for (const char* name : {"bus", "fs", "irq", "sys"}) freeze(at, name);
  }

  void show_outer_proc(const Fd& at) const noexcept {
    require(errno == EPERM && ::mount("/proc", FdPath(at.get()).c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0, "mount", "/proc");
    require(kernel::restrict_mount(target("proc").get(), k_data_only, true) == 0, "restrict", "/proc");
  }

  // A new sysfs needs a network namespace of ours, so that the host's is shown; the tree's locked mounts must come along.
  void mount_sys() noexcept {
    Fd at = target("sys");
    require(::mount("/sys", FdPath(at.get()).c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0, "bind", "/sys");
    at = target("sys");
    const std::uint64_t restrictions = m_plan.insecure ? k_data_only : kernel::k_read_only | k_data_only;
    require(kernel::restrict_mount(at.get(), restrictions, true) == 0, "restrict", "/sys");
    if (m_plan.privileged) return;
    for (const char* name : {"firmware", "fs/cgroup", "devices/virtual/powercap"}) mask(at, name);
  }

  // Covers what exists: a file with /dev/null, a directory with one empty read-only tmpfs, made at the first need.
  void mask(const Fd& base, const char* name) noexcept {
    const Fd at = walk(base.get(), name);
    struct stat status {};
    if (!at || ::fstat(at.get(), &status) != 0) return;
    if (!S_ISDIR(status.st_mode)) {
      require(bind(m_null.get(), at.get()), "mask", name);
    } else if (m_empty) {
      require(bind(m_empty.get(), at.get()), "mask", name);
    } else {
      mount("tmpfs", at, MS_RDONLY | k_data_only, "mode=755", name);
      m_empty = walk(base.get(), name);
    }
  }

  void freeze(const Fd& base, const char* name) const noexcept {
    Fd at = walk(base.get(), name);
    if (!at) return;
    require(bind(at.get(), at.get(), MS_REC), "bind", name);
    at = walk(base.get(), name);
    require(at && kernel::restrict_mount(at.get(), kernel::k_read_only, false) == 0, "make read-only", name);
  }

  void mount_dev() noexcept {
    mount("tmpfs", target("dev"), MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k", "/dev");
    m_dev = target("dev");
    show_device("null", "/dev/null", makedev(1, 3));
    show_device("zero", "/dev/zero", makedev(1, 5));
    show_device("full", "/dev/full", makedev(1, 7));
    show_device("random", "/dev/random", makedev(1, 8));
    show_device("urandom", "/dev/urandom", makedev(1, 9));
    show_device("tty", "/dev/tty", makedev(5, 0));
    link("/proc/self/fd", "fd");
    link("/proc/self/fd/0", "stdin");
    link("/proc/self/fd/1", "stdout");
    link("/proc/self/fd/2", "stderr");
    link("pts/ptmx", "ptmx");
    mount_pts();
    mount("tmpfs", dev_directory("shm"), k_data_only, m_plan.shm_options, "/dev/shm");
    const Fd queues = dev_directory("mqueue");
    if (::mount("mqueue", FdPath(queues.get()).c_str(), "mqueue", k_data_only, nullptr) != 0)
      require(errno == ENODEV, "mount", "/dev/mqueue");  // a kernel without POSIX_MQUEUE
    if (!m_plan.privileged || m_plan.insecure)
      require(kernel::restrict_mount(m_dev.get(), kernel::k_no_devices, false) == 0, "restrict", "/dev");
  }

  Fd dev_directory(const char* name) const noexcept {
    Fd at = make_walk(m_dev.get(), name, true);
    require(static_cast<bool>(at), "make in /dev", name);
    return at;
  }

  void link(const char* text, const char* name) const noexcept { require(::symlinkat(text, m_dev.get(), name) == 0, "make in /dev", name); }

  void show_device(const char* name, const char* host_path, dev_t number) const noexcept {
    const Fd device = open_device(host_path, number);
    const Fd at = make_walk(m_dev.get(), name, false);
    require(at && bind(device.get(), at.get()), "bind", host_path);
  }

  void mount_pts() const noexcept {
    const Fd at = dev_directory("pts");
    const FdPath path(at.get());
    constexpr unsigned long flags = MS_NOSUID | MS_NOEXEC;
    if (::mount("devpts", path.c_str(), "devpts", flags, "newinstance,ptmxmode=0666,mode=0620,gid=5") == 0) return;
    // gid 5 may not be mapped here.
    require(::mount("devpts", path.c_str(), "devpts", flags, "newinstance,ptmxmode=0666,mode=0620") == 0, "mount", "/dev/pts");
  }

  // The file lives in the /dev tmpfs and loses its name there once it is mounted.
  void show_file(const PlannedFile& file) const noexcept {
    constexpr const char* name = ".jcbuild";
    const char* path = file.target.path;
    const Fd content(::openat(m_dev.get(), name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    const auto size = static_cast<ssize_t>(file.content.size());
    require(content && ::write(content.get(), file.content.data(), file.content.size()) == size, "write", path);
    // Where there is one id, everybody believes to be someone but has that.
    const bool given = m_plan.supervisor >= 0 || ::fchown(content.get(), file.uid, file.gid) == 0;
    require(given, "give to its user (is it mapped?)", path);
    require(::fchmod(content.get(), file.mode) == 0, "set the mode of", path);
    require(bind(content.get(), target(file.target).get()), "bind over", path);
    require(::unlinkat(m_dev.get(), name, 0) == 0, "remove from /dev", name);
    if (file.restrictions != 0)
      require(kernel::restrict_mount(target(file.target).get(), file.restrictions, false) == 0, "restrict the file at", path);
  }

  Fd target(const PlannedTarget& at) const noexcept {
    if (at.fresh == nullptr) return target(at.path);
    Fd fd = make_walk(target(at.fresh).get(), at.path, at.directory);
    require(static_cast<bool>(fd), "make in the root file system", at.path);
    return fd;
  }

  void attach(const PlannedBind& bind) const noexcept {
    const char* path = bind.target.path;
    const Fd at = target(bind.target);
    if (bind.tmpfs_options != nullptr) return mount("tmpfs", at, MS_NOSUID | MS_NODEV, bind.tmpfs_options, path);
    require(kernel::attach_tree(bind.tree, at.get()) == 0, "bind at", path);
    if (bind.restrictions != 0) require(kernel::restrict_mount(bind.tree, bind.restrictions, true) == 0, "restrict the bind at", path);
  }

  // A tmpfs becomes read-only only after the mount points in it were made.
  void finish_tmpfs(const PlannedBind& bind) const noexcept {
    if (bind.tmpfs_options == nullptr || bind.restrictions == 0) return;
    const Fd at = target(bind.target);
    require(kernel::restrict_mount(at.get(), bind.restrictions, false) == 0, "restrict the tmpfs at", bind.target.path);
  }

  // pivot_root(2), the "." "." idiom: the old root ends up on top of the new one and is detached there.
  void pivot() const noexcept {
    require(::fchdir(m_root.get()) == 0 && kernel::pivot_root(".", ".") == 0, "pivot into", m_plan.root);
    require(::umount2(".", MNT_DETACH) == 0, "detach", "the old root");
    require(::chdir("/") == 0, "enter", "/");
  }

  const LaunchPlan& m_plan;
  Fd m_root;
  Fd m_null;
  Fd m_empty;
  Fd m_dev;
};

}  // namespace

void set_up_mounts(const LaunchPlan& plan) noexcept { Mounter(plan).run(); }

}  // namespace jcb::sandbox
