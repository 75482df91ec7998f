// SPDX-License-Identifier: Apache-2.0
// chown(2), mknod(2) and the calls of credentials(7), as far as programs of a build can tell. Two rules:
//   - what is decided is decided on an open file, never on a path that could lead elsewhere a moment later
//   - nothing is left to the kernel (SECCOMP_USER_NOTIF_FLAG_CONTINUE) after looking at memory that the job can change
#include "sandbox/call_handler.h"

#include "sandbox/file_maker.h"
#include "sandbox/waiting_thread.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

namespace jcb::sandbox {
namespace {

constexpr std::size_t k_max_groups = 65536;  // NGROUPS_MAX
constexpr std::uint32_t k_overflow_id = 65534;

std::uint32_t id_argument(const TrappedCall& call, std::uint64_t argument) {
  const auto id = static_cast<std::uint32_t>(argument);
  if (!call.short_ids) return id;
  return (id & 0xffff) == 0xffff ? k_keep_id : id & 0xffff;
}

Answer from_errno(int error) { return error == 0 ? Answer{} : Answer::failure(error); }

// How a number is told to a program whose ids have 16 bits.
std::uint32_t shown_id(const TrappedCall& call, std::uint32_t id) { return call.short_ids && id > 0xffff ? k_overflow_id : id; }

// A program's ids in memory, of the size it has them in.
std::string encode_ids(const TrappedCall& call, const std::vector<std::uint32_t>& ids) {
  std::string bytes;
  for (const auto id : ids) {
    const auto wide = shown_id(call, id);
    const auto narrow = static_cast<std::uint16_t>(wide);
    if (call.short_ids)
      bytes.append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
    else
      bytes.append(reinterpret_cast<const char*>(&wide), sizeof wide);
  }
  return bytes;
}

// new_decode_dev of the kernel.
util::DeviceNode decode_device(mode_t mode, std::uint64_t number) {
  const auto value = static_cast<std::uint32_t>(number);
  return {S_ISBLK(mode), (value & 0xfff00) >> 8, (value & 0xff) | ((value >> 12) & 0xfff00)};
}

// What one of the calls of stat(2) asks for.
struct StatusCall {
  int directory = AT_FDCWD;
  std::uint64_t path = 0;  // its address; 0 is the directory or descriptor itself
  int flags = 0;
  unsigned mask = 0;
  std::uint64_t buffer = 0;
};

std::optional<StatusCall> parse_status_call(Call call, const __u64* arguments) {
  constexpr int k_known = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC;
  StatusCall what;
  if (call == Call::stat || call == Call::lstat) {
    what = {AT_FDCWD, arguments[0], call == Call::lstat ? AT_SYMLINK_NOFOLLOW : 0, 0, arguments[1]};
  } else if (call == Call::fstat) {
    what = {static_cast<int>(arguments[0]), 0, AT_EMPTY_PATH, 0, arguments[1]};
  } else if (call == Call::newfstatat) {
    what = {static_cast<int>(arguments[0]), arguments[1], static_cast<int>(arguments[3]), 0, arguments[2]};
  } else {
    what = {static_cast<int>(arguments[0]), arguments[1], static_cast<int>(arguments[2]), static_cast<unsigned>(arguments[3]),
            arguments[4]};
  }
  if ((what.flags & ~k_known) != 0) return std::nullopt;
  return what;
}

// The file's status as it should be told. struct stat is the kernel's own on the 64-bit architectures.
std::string encode_stat(const util::Fd& file, const util::OwnerEntry& entry) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return {};
  status.st_uid = entry.owner.uid;
  status.st_gid = entry.owner.gid;
  if (entry.device) {
    status.st_mode = (status.st_mode & ~mode_t{S_IFMT}) | (entry.device->block ? S_IFBLK : S_IFCHR);
    status.st_rdev = makedev(entry.device->major, entry.device->minor);
  }
  return {reinterpret_cast<const char*>(&status), sizeof status};
}

std::string encode_statx(struct statx status, const util::OwnerEntry& entry) {
  status.stx_uid = entry.owner.uid;
  status.stx_gid = entry.owner.gid;
  if (entry.device) {
    status.stx_mode = static_cast<__u16>((status.stx_mode & ~mode_t{S_IFMT}) | (entry.device->block ? S_IFBLK : S_IFCHR));
    status.stx_rdev_major = entry.device->major;
    status.stx_rdev_minor = entry.device->minor;
  }
  return {reinterpret_cast<const char*>(&status), sizeof status};
}

// The parent part of a path, "." without one, and the last name.
std::pair<std::string, std::string> split_path(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {path.substr(0, slash + 1), path.substr(slash + 1)};
}

}  // namespace

Answer CallHandler::handle(const seccomp_notif& notification, const Listener& listener) {
  const auto call = find_trapped_call(notification.data.arch, notification.data.nr);
  if (!call) return Answer::failure(ENOSYS);
  const Request request{static_cast<pid_t>(notification.pid), *call, notification.data.args, notification.id, listener};
  switch (call->call) {
    case Call::chown:
    case Call::lchown:
    case Call::fchown:
    case Call::fchownat:
      return change_owner(request);
    case Call::mknod:
    case Call::mknodat:
      return make_node(request);
    case Call::stat:
    case Call::lstat:
    case Call::fstat:
    case Call::newfstatat:
    case Call::statx:
      return tell_status(request);
    case Call::open:
    case Call::openat:
    case Call::creat:
    case Call::mkdir:
    case Call::mkdirat:
    case Call::symlink:
    case Call::symlinkat:
      return make_file(request);
    case Call::setgroups:
      return set_groups(request);
    case Call::getgroups:
      return tell_groups(request);
    case Call::getresuid:
      return tell_ids(request, m_processes.of(request.thread).users);
    case Call::getresgid:
      return tell_ids(request, m_processes.of(request.thread).groups);
    case Call::getuid:
    case Call::geteuid:
    case Call::getgid:
    case Call::getegid:
      return tell_id(request);
    default:
      return set_ids(request);
  }
}

Answer CallHandler::change_owner(const Request& request) {
  WaitingThread thread(request.thread);
  if (request.call.call == Call::fchown) {
    const util::Fd file = thread.open_descriptor(static_cast<int>(request.arguments[0]));
    return file ? change_owner_of(request, file, 1) : Answer::failure(errno);
  }
  const bool at = request.call.call == Call::fchownat;
  const auto flags = at ? static_cast<int>(request.arguments[4]) : request.call.call == Call::lchown ? AT_SYMLINK_NOFOLLOW : 0;
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return Answer::failure(EINVAL);
  const int directory = at ? static_cast<int>(request.arguments[0]) : AT_FDCWD;
  std::string path;
  int error = thread.open_memory();
  if (error == 0) error = thread.read_text(request.arguments[at ? 1 : 0], path);
  if (error != 0) return Answer::failure(error);
  const bool itself = path.empty() && (flags & AT_EMPTY_PATH) != 0;
  const util::Fd file = itself ? thread.open_directory(directory) : thread.open_path(directory, path, (flags & AT_SYMLINK_NOFOLLOW) == 0);
  return file ? change_owner_of(request, file, at ? 2 : 1) : Answer::failure(errno);
}

Answer CallHandler::change_owner_of(const Request& request, const util::Fd& file, std::size_t first_id) {
  const auto uid = id_argument(request.call, request.arguments[first_id]);
  const auto gid = id_argument(request.call, request.arguments[first_id + 1]);
  if (!may_change_owner(request, uid, gid)) return Answer::failure(EPERM);
  if (!request.is_waiting()) return {};
  return from_errno(m_records.set_owner(file.get(), uid, gid));
}

// Who is not root may give a file of his to a group of his. Whose a file is that nobody has touched in this job is not
// looked up: it counts as his.
bool CallHandler::may_change_owner(const Request& request, std::uint32_t uid, std::uint32_t gid) {
  const Credentials& caller = m_processes.of(request.thread);
  if (caller.users.file_system == 0) return true;
  return (uid == k_keep_id || uid == caller.users.file_system) && (gid == k_keep_id || caller.is_member(gid));
}

// Left to the kernel for all but the few files whose owner it does not know. That is no decision about anything: at worst
// a program that changes its path meanwhile sees the owner that the file really has.
Answer CallHandler::tell_status(const Request& request) {
  WaitingThread thread(request.thread);
  const auto what = request.call.native ? parse_status_call(request.call.call, request.arguments) : std::nullopt;
  if (!what || m_records.knows_nothing() || thread.open_memory() != 0) return Answer::from_kernel();
  std::string path;
  if (what->path != 0 && thread.read_text(what->path, path) != 0) return Answer::from_kernel();
  if (path.empty() && (what->flags & AT_EMPTY_PATH) == 0) return Answer::from_kernel();
  const bool follow = (what->flags & AT_SYMLINK_NOFOLLOW) == 0;
  const util::Fd file = path.empty() ? thread.open_directory(what->directory) : thread.open_path(what->directory, path, follow);
  struct statx shown {};
  const unsigned mask = what->mask | STATX_BASIC_STATS | STATX_BTIME;
  const int sync = what->flags & (AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC);
  if (!file || ::statx(file.get(), "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | sync, mask, &shown) != 0) return Answer::from_kernel();
  const util::OwnerEntry entry = m_records.find_shown(file.get(), shown);
  if (entry.is_plain()) return Answer::from_kernel();
  const std::string bytes = request.call.call == Call::statx ? encode_statx(shown, entry) : encode_stat(file, entry);
  if (bytes.empty() || !request.is_waiting()) return Answer::from_kernel();
  return from_errno(thread.write(what->buffer, bytes.data(), bytes.size()));
}

Answer CallHandler::make_node(const Request& request) {
  WaitingThread thread(request.thread);
  const bool at = request.call.call == Call::mknodat;
  std::string path;
  int error = thread.open_memory();
  if (error == 0) error = thread.read_text(request.arguments[at ? 1 : 0], path);
  if (error != 0) return Answer::failure(error);
  return make_placeholder(request, thread, path, at ? static_cast<int>(request.arguments[0]) : AT_FDCWD, at ? 2 : 1);
}

// An empty file of the node's mode, which is recorded to stand for it.
Answer CallHandler::make_placeholder(const Request& request, const WaitingThread& thread, const std::string& path, int directory,
                                     std::size_t first_argument) {
  const auto mode = static_cast<mode_t>(request.arguments[first_argument]);
  const util::DeviceNode device = decode_device(mode, request.arguments[first_argument + 1]);
  if (path.empty()) return Answer::failure(ENOENT);
  const auto [parent_path, name] = split_path(path);
  if (name.empty() || name == "." || name == "..") return Answer::failure(name.empty() && parent_path != "/" ? ENOENT : EEXIST);
  const util::Fd parent = thread.open_path(directory, parent_path, true);
  if (!parent) return Answer::failure(errno);
  // 0:0 is overlayfs's whiteout, which it lets nobody make.
  const bool is_whiteout = !device.block && device.major == 0 && device.minor == 0;
  if (m_processes.of(request.thread).users.file_system != 0 || is_whiteout) return Answer::failure(EPERM);
  const mode_t permissions = mode & 07777 & ~thread.umask();
  if (!request.is_waiting()) return {};
  const util::Fd file(::openat(parent.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, permissions));
  if (!file || ::fchmod(file.get(), permissions) != 0) return Answer::failure(errno);
  return from_errno(m_records.set_device(file.get(), device));
}

// Only for a process that is another than the job's user: what the others make belongs to that one anyway.
Answer CallHandler::make_file(const Request& request) {
  const Credentials* maker = m_processes.find_other(request.thread);
  if (maker == nullptr) return Answer::from_kernel();
  const util::FileOwner owner{maker->users.file_system, maker->groups.file_system};
  FileMaker file_maker(request.thread, request.call.call, request.arguments);
  if (!file_maker.prepare() || !request.is_waiting()) return Answer::from_kernel();
  const auto made = file_maker.make(owner, m_records);
  if (!made.descriptor) return made.answer;
  const int fd = request.listener.give(request.id, made.descriptor.get(), made.close_on_exec);
  return fd >= 0 ? Answer{fd, 0, false} : Answer::failure(errno);
}

Answer CallHandler::set_ids(const Request& request) {
  Credentials credentials = m_processes.of(request.thread);
  const auto id = [&](std::size_t i) { return id_argument(request.call, request.arguments[i]); };
  const bool privileged = credentials.is_privileged();
  const auto group_privilege = [&](std::size_t count) {
    bool root = false;
    for (std::size_t i = 0; i < count; ++i) root = root || id(i) == 0;
    return credentials.may_change_groups(root ? 0 : k_keep_id);
  };
  Answer answer;
  switch (request.call.call) {
    case Call::setuid:
      answer.error = credentials.users.set(id(0), privileged);
      break;
    case Call::setgid:
      answer.error = credentials.groups.set(id(0), group_privilege(1));
      break;
    case Call::setreuid:
      answer.error = credentials.users.set_real_effective(id(0), id(1), privileged);
      break;
    case Call::setregid:
      answer.error = credentials.groups.set_real_effective(id(0), id(1), group_privilege(2));
      break;
    case Call::setresuid:
      answer.error = credentials.users.set_all(id(0), id(1), id(2), privileged);
      break;
    case Call::setresgid:
      answer.error = credentials.groups.set_all(id(0), id(1), id(2), group_privilege(3));
      break;
    case Call::setfsuid:
      answer.value = credentials.users.set_file_system(id(0), privileged);
      break;
    default:
      answer.value = credentials.groups.set_file_system(id(0), privileged);
  }
  if (answer.error == 0 && request.is_waiting()) m_processes.set(request.thread, std::move(credentials));
  return answer;
}

Answer CallHandler::set_groups(const Request& request) {
  const auto count = static_cast<std::size_t>(static_cast<std::uint32_t>(request.arguments[0]));
  if (count > k_max_groups) return Answer::failure(EINVAL);
  const std::size_t width = request.call.short_ids ? 2 : 4;
  std::string bytes(count * width, '\0');
  WaitingThread thread(request.thread);
  int error = thread.open_memory();
  if (error == 0 && count > 0) error = thread.read(request.arguments[1], bytes.data(), bytes.size());
  if (error != 0) return Answer::failure(error);
  std::vector<std::uint32_t> groups(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t narrow = 0;
    if (width == 2) groups[i] = (bytes.copy(reinterpret_cast<char*>(&narrow), width, i * width), narrow);
    if (width == 4) bytes.copy(reinterpret_cast<char*>(&groups[i]), width, i * width);
  }
  Credentials credentials = m_processes.of(request.thread);
  error = credentials.set_supplementary(std::move(groups));
  if (error == 0 && request.is_waiting()) m_processes.set(request.thread, std::move(credentials));
  return from_errno(error);
}

Answer CallHandler::tell_id(const Request& request) {
  const Credentials& credentials = m_processes.of(request.thread);
  std::uint32_t id = credentials.groups.effective;
  if (request.call.call == Call::getuid) id = credentials.users.real;
  if (request.call.call == Call::geteuid) id = credentials.users.effective;
  if (request.call.call == Call::getgid) id = credentials.groups.real;
  return {shown_id(request.call, id), 0, false};
}

Answer CallHandler::tell_ids(const Request& request, const IdSet& ids) {
  WaitingThread thread(request.thread);
  int error = thread.open_memory();
  const std::array<std::uint32_t, 3> values{ids.real, ids.effective, ids.saved};
  if (error == 0 && !request.is_waiting()) return {};
  for (std::size_t i = 0; i < values.size() && error == 0; ++i) {
    const std::string bytes = encode_ids(request.call, {values[i]});
    error = thread.write(request.arguments[i], bytes.data(), bytes.size());
  }
  return from_errno(error);
}

Answer CallHandler::tell_groups(const Request& request) {
  const auto& groups = m_processes.of(request.thread).supplementary;
  const auto room = static_cast<std::int32_t>(request.arguments[0]);
  const Answer count{static_cast<std::int64_t>(groups.size()), 0, false};
  if (room == 0) return count;
  if (room < 0 || static_cast<std::size_t>(room) < groups.size()) return Answer::failure(EINVAL);
  const std::string bytes = encode_ids(request.call, groups);
  WaitingThread thread(request.thread);
  int error = thread.open_memory();
  if (error == 0 && !request.is_waiting()) return {};
  if (error == 0 && !bytes.empty()) error = thread.write(request.arguments[1], bytes.data(), bytes.size());
  return error == 0 ? count : Answer::failure(error);
}

}  // namespace jcb::sandbox
