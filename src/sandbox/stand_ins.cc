// SPDX-License-Identifier: Apache-2.0
#include "sandbox/stand_ins.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>

#include "jcbuild/error.h"
#include "sandbox/job_check.h"
#include "util/text.h"
#include "util/tree_copy.h"

namespace jcb::sandbox {
namespace {

struct Device {
  const char* name;
  unsigned major, minor;
};
constexpr Device k_devices[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
// As everywhere, though what they lead to is not there: a program then says so in the way that people know.
constexpr const char* k_links[][2] = {
    {"fd", "/proc/self/fd"}, {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"}};

bool same_time(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

bool same_status(const struct stat& a, const struct stat& b) {
  return same_time(a.st_ctim, b.st_ctim) && same_time(a.st_mtim, b.st_mtim) && a.st_mode == b.st_mode && a.st_uid == b.st_uid &&
         a.st_gid == b.st_gid && a.st_nlink == b.st_nlink;
}

struct stat stat_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_errno("stat", "a directory of the root file system");
  return status;
}

struct stat stat_at(int directory, const std::string& name) {
  struct stat status {};
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) throw_errno("stat", util::escape_text(name));
  return status;
}

// A directory's access and modification times are the same at the end as at the beginning.
class KeptTimes {
 public:
  explicit KeptTimes(int directory) : m_directory(directory) {
    const struct stat status = stat_of(directory);
    m_times = {status.st_atim, status.st_mtim};
  }
  ~KeptTimes() { ::futimens(m_directory, m_times.data()); }
  KeptTimes(const KeptTimes&) = delete;
  KeptTimes& operator=(const KeptTimes&) = delete;

 private:
  int m_directory;
  std::array<timespec, 2> m_times{};
};

void make_directory(int parent, const std::string& name, mode_t mode) {
  if (::mkdirat(parent, name.c_str(), 0700) != 0 || ::fchmodat(parent, name.c_str(), mode, 0) != 0)
    throw_errno("make directory", util::escape_text(name));
}

util::Root open_made(int parent, const std::string& name) {
  util::Fd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) throw_errno("open directory", util::escape_text(name));
  return util::Root(std::move(fd));
}

util::Fd make_file(int parent, const std::string& name, std::string_view content) {
  util::Fd file(::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) throw_errno("make file", util::escape_text(name));
  util::write_all(file.get(), content, util::escape_text(name));
  return file;
}

void make_device(int directory, const Device& device) {
  if (::mknodat(directory, device.name, S_IFCHR | 0600, makedev(device.major, device.minor)) == 0) {
    if (::fchmodat(directory, device.name, 0666, 0) != 0) throw_errno("change the mode of", std::string("/dev/") + device.name);
    return;
  }
  if (errno != EPERM) throw_errno("make", std::string("/dev/") + device.name);
  throw Error(ErrorKind::unsupported, std::string("cannot make the device /dev/") + device.name + " for the isolation 'chroot'",
              "the container needs the capability MKNOD (docker: --cap-add MKNOD)", EPERM);
}

void check_devices(int directory) {
  const util::Fd null(::openat(directory, "null", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (null) return;
  if (errno != EACCES && errno != EPERM) throw_errno("open", "/dev/null");
  throw Error(ErrorKind::unsupported, "devices do not work on the file system of the store (it is mounted nodev)",
              "give --store a directory on another file system", errno);
}

void fill_dev(int parent, const std::string& name) {
  make_directory(parent, name, 0755);
  const util::Root dev = open_made(parent, name);
  for (const auto& device : k_devices) make_device(dev.fd(), device);
  check_devices(dev.fd());
  for (const auto& [link, target] : k_links) {
    if (::symlinkat(target, dev.fd(), link) != 0) throw_errno("make", std::string("/dev/") + link);
  }
  make_directory(dev.fd(), "shm", 01777);
  make_directory(dev.fd(), "pts", 0755);
}

// What a bind shows, held.
struct Source {
  util::Fd fd;
  struct stat status {};
};

Source open_source(const Bind& bind) {
  Source source{bind.held ? bind.held->duplicate() : util::Fd(::open(bind.source.c_str(), O_PATH | O_CLOEXEC))};
  if (!source.fd || ::fstat(source.fd.get(), &source.status) != 0) throw_errno("open", bind.source.native());
  return source;
}

util::Root open_directory(const Source& source) {
  util::Fd fd(::openat(source.fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno("open", "a directory to show");
  return util::Root(std::move(fd));
}

// A writable file and a socket are the thing itself; a device is one of its number.
void place_file_of(const Source& source, bool read_only, int parent, const std::string& name) {
  const mode_t type = source.status.st_mode & S_IFMT;
  const bool link = type == S_IFSOCK || type == S_IFIFO || (type == S_IFREG && !read_only);
  if (link && ::linkat(AT_FDCWD, source.fd.proc_path().c_str(), parent, name.c_str(), AT_SYMLINK_FOLLOW) == 0) return;
  if (link && (errno != EXDEV || type == S_IFSOCK)) throw_errno("show", util::escape_text(name));
  if (type == S_IFREG) {
    const util::Fd content(::open(source.fd.proc_path().c_str(), O_RDONLY | O_CLOEXEC));
    if (!content) throw_errno("read", util::escape_text(name));
    const util::Fd copy = make_file(parent, name, {});
    util::copy_bytes(content.get(), copy.get(), util::escape_text(name));
    util::copy_attributes(content.get(), copy.get(), util::escape_text(name));
  } else if (::mknodat(parent, name.c_str(), type | 0600, source.status.st_rdev) != 0 ||
             ::fchmodat(parent, name.c_str(), source.status.st_mode & 07777, 0) != 0) {
    throw_errno("show", util::escape_text(name));
  }
}

std::pair<std::string, std::string> split_path(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

StandIns::StandIns(const Job& job)
    : m_job(job),
      m_root(util::Root::open(job.root)),
      m_aside(std::filesystem::absolute(job.root).lexically_normal().parent_path(), ".aside-"),
      m_aside_root(m_aside.root()),
      m_points(std::in_place, m_root.duplicate()) {
  try {
    place();
  } catch (...) {
    m_placed = true;
    undo_quietly();
    throw;
  }
}

StandIns::~StandIns() { undo_quietly(); }

// Something else has failed already, or been interrupted: that is told.
void StandIns::undo_quietly() noexcept {
  try {
    undo();
  } catch (...) {
  }
}

void StandIns::place() {
  place_devices();
  place_mounts();
  place_files();
  for (auto& watched : m_watched) watched.placed = stat_of(watched.directory.get());
  util::wait_for_clock_tick();
  m_placed = true;
}

void StandIns::place_devices() {
  for (const char* name : {"proc", "sys", "dev"}) {
    watch(name);
    m_points->require_directory(name);
  }
  for (const char* name : {"proc", "sys"}) show_at(name, [](int parent, const std::string& entry) { make_directory(parent, entry, 0555); });
  show_at("dev", fill_dev);
}

// Outer targets first, so that an inner one is made in what the outer one shows.
void StandIns::place_mounts() {
  std::vector<Mount> mounts;
  for (const auto& bind : m_job.binds) mounts.push_back({m_points->resolve(bind.target), &bind, nullptr});
  for (const auto& tmpfs : m_job.tmpfs) mounts.push_back({m_points->resolve(tmpfs.target), nullptr, &tmpfs});
  const auto depth = [](const std::string& path) { return std::count(path.begin(), path.end(), '/'); };
  std::stable_sort(mounts.begin(), mounts.end(), [&](const auto& a, const auto& b) { return depth(a.path) < depth(b.path); });
  for (const auto& mount : mounts) {
    if (mount.bind != nullptr)
      place_bind(*mount.bind);
    else
      show(mount.tmpfs->target, true,
           [&](int parent, const std::string& name) { make_directory(parent, name, mount.tmpfs->mode & 07777); });
  }
}

void StandIns::place_bind(const Bind& bind) {
  const Source source = open_source(bind);
  if (!S_ISDIR(source.status.st_mode))
    return show(bind.target, false, [&](int parent, const std::string& name) { place_file_of(source, bind.read_only, parent, name); });
  show(bind.target, true, [&](int parent, const std::string& name) {
    make_directory(parent, name, 0700);
    const util::Root made = open_made(parent, name);
    if (bind.read_only) return util::duplicate_tree(open_directory(source), made, util::FileSharing::copies);
    m_shown.back().linked.emplace(open_directory(source), made);
    m_shown.back().linked_inode = stat_of(made.fd()).st_ino;
  });
}

void StandIns::place_files() {
  place_file("etc/resolv.conf", network_file(m_job, "/etc/resolv.conf", ""));
  place_file("etc/hosts", network_file(m_job, "/etc/hosts", k_local_hosts));
  place_file("etc/hostname", m_job.hostname + "\n");
  for (const auto& file : m_job.files) place_private(file);
}

void StandIns::place_file(const char* path, const std::string& content) {
  const std::string target = m_points->resolve(path);
  if (std::find(m_paths.begin(), m_paths.end(), target) != m_paths.end()) return;  // the caller shows his own
  show(path, false, [&](int parent, const std::string& name) {
    const util::Fd file = make_file(parent, name, content);
    if (::fchmod(file.get(), 0644) != 0) throw_errno("change the mode of", path);
  });
}

void StandIns::place_private(const PrivateFile& file) {
  show(file.target, false, [&](int parent, const std::string& name) {
    const util::Fd made = make_file(parent, name, file.content);
    if (::fchown(made.get(), file.uid, file.gid) != 0 || ::fchmod(made.get(), file.mode & 07777) != 0)
      throw_errno("set the owner of", util::escape_text(file.target));
  });
}

void StandIns::show(const std::string& target, bool directory, const Make& make) {
  const std::string path = m_points->resolve(target);
  check_place(path, target);
  watch(path);
  m_points->find_or_make(path, directory);
  m_paths.push_back(path);
  show_at(path, make);
}

void StandIns::show_at(const std::string& path, const Make& make) {
  const auto [directory, name] = split_path(path);
  Shown shown{m_root.open_at(directory, O_RDONLY | O_DIRECTORY), name, "original-" + std::to_string(m_serial++)};
  const int parent = shown.parent.get();
  const KeptTimes times(parent);
  shown.before = stat_at(parent, name);
  if (::renameat(parent, name.c_str(), m_aside_root.fd(), shown.aside.c_str()) != 0) throw_errno("move aside", util::escape_text(path));
  m_shown.push_back(std::move(shown));
  m_shown.back().moved = stat_at(m_aside_root.fd(), m_shown.back().aside);
  make(parent, name);
}

// The deepest directory that exists above a path is the one that making the path changes.
void StandIns::watch(const std::string& path) {
  std::string directory = split_path(path).first;
  auto found = m_root.find_at(directory, O_RDONLY | O_DIRECTORY);
  while (!found) {
    directory = split_path(directory).first;
    found = m_root.find_at(directory, O_RDONLY | O_DIRECTORY);
  }
  const struct stat status = stat_of(found->get());
  const auto is_same = [&](const Watched& other) { return other.before.st_ino == status.st_ino && other.before.st_dev == status.st_dev; };
  if (std::none_of(m_watched.begin(), m_watched.end(), is_same)) m_watched.push_back({std::move(*found), status});
}

void StandIns::undo() {
  if (!m_placed) return;
  m_placed = false;
  for (auto& watched : m_watched) watched.untouched = same_status(stat_of(watched.directory.get()), watched.placed);
  std::exception_ptr failure;
  for (auto shown = m_shown.rbegin(); shown != m_shown.rend(); ++shown) {
    try {
      put_back(*shown);
    } catch (...) {
      failure = std::current_exception();  // the others are to come back all the same
    }
  }
  m_points.reset();
  if (m_job.disturbed) note_disturbances();
  if (failure) std::rethrow_exception(failure);
}

void StandIns::put_back(Shown& shown) {
  const int parent = shown.parent.get();
  const KeptTimes times(parent);
  if (shown.linked) give_back(shown);
  const std::string garbage = "garbage-" + shown.aside;
  if (::renameat(parent, shown.name.c_str(), m_aside_root.fd(), garbage.c_str()) != 0 && errno != ENOENT)
    throw_errno("take away", util::escape_text(shown.name));
  const bool unchanged = same_status(stat_at(m_aside_root.fd(), shown.aside), shown.moved);
  if (::renameat(m_aside_root.fd(), shown.aside.c_str(), parent, shown.name.c_str()) != 0) {
    if (errno == ENOENT) return;  // the job removed the directory, and this with it
    throw_errno("put back", util::escape_text(shown.name));
  }
  const struct stat after = stat_at(parent, shown.name);
  if (unchanged && m_job.disturbed) m_job.disturbed->push_back({after.st_dev, after.st_ino, shown.before.st_ctim, after.st_ctim});
}

// Unless the job put another directory in its place.
void StandIns::give_back(Shown& shown) {
  util::Fd placed(::openat(shown.parent.get(), shown.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!placed || stat_of(placed.get()).st_ino != shown.linked_inode) return;
  shown.linked->give_back(util::Root(std::move(placed)));
}

void StandIns::note_disturbances() {
  for (const auto& watched : m_watched) {
    if (!watched.untouched) continue;
    const struct stat after = stat_of(watched.directory.get());
    m_job.disturbed->push_back({after.st_dev, after.st_ino, watched.before.st_ctim, after.st_ctim});
  }
}

}  // namespace jcb::sandbox
