// SPDX-License-Identifier: Apache-2.0
#include "sandbox/file_maker.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace jcb::sandbox {
namespace {

bool is_symlink(Call call) { return call == Call::symlink || call == Call::symlinkat; }
bool is_mkdir(Call call) { return call == Call::mkdir || call == Call::mkdirat; }

}  // namespace

FileMaker::FileMaker(pid_t thread, Call call, const __u64* arguments) : m_thread(thread), m_call(call), m_directory(AT_FDCWD) {
  if (is_symlink(call)) m_target_address = *arguments++;
  if (call == Call::openat || call == Call::mkdirat || call == Call::symlinkat) m_directory = static_cast<int>(*arguments++);
  m_path_address = *arguments++;
  m_flags = call == Call::creat ? O_CREAT | O_WRONLY | O_TRUNC : 0;
  if (call == Call::open || call == Call::openat) m_flags = static_cast<int>(*arguments++);
  if (!is_symlink(call)) m_mode = static_cast<mode_t>(*arguments);
}

bool FileMaker::prepare() {
  if ((m_flags & (O_PATH | O_DIRECTORY)) != 0) return false;  // O_CREAT means nothing then
  std::string path;
  if (m_thread.open_memory() != 0 || m_thread.read_text(m_path_address, path) != 0) return false;
  if (m_target_address != 0 && m_thread.read_text(m_target_address, m_target) != 0) return false;
  while (is_mkdir(m_call) && path.size() > 1 && path.back() == '/') path.pop_back();
  const auto slash = path.rfind('/');
  m_name = path.substr(slash + 1);  // all of it without a slash: npos + 1 is 0
  if (m_name.empty() || m_name == "." || m_name == "..") return false;
  m_parent = m_thread.open_path(m_directory, slash == std::string::npos ? "." : path.substr(0, slash + 1), true);
  m_mode &= ~m_thread.umask();
  return static_cast<bool>(m_parent);
}

FileMaker::Made FileMaker::make(util::FileOwner owner, util::OwnerRecords& records) {
  if (!is_symlink(m_call) && !is_mkdir(m_call)) return make_regular(owner, records);
  const int result = is_mkdir(m_call) ? ::mkdirat(m_parent.get(), m_name.c_str(), m_mode & 01777)
                                      : ::symlinkat(m_target.c_str(), m_parent.get(), m_name.c_str());
  if (result != 0) return {Answer::failure(errno), {}, false};
  return record(owner, records);
}

// Made here and opened by the kernel, except where it must be new for the one who opens it.
FileMaker::Made FileMaker::make_regular(util::FileOwner owner, util::OwnerRecords& records) {
  const util::Fd file(::openat(m_parent.get(), m_name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, m_mode & 07777));
  if (!file) return {Answer::from_kernel(), {}, false};
  ::fchmod(file.get(), m_mode & 07777);
  Made made = record(owner, records);
  if (made.answer.error != 0) return made;
  made.answer = Answer::from_kernel();
  if ((m_flags & O_EXCL) == 0) return made;
  const int flags = (m_flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW)) | O_CLOEXEC;
  made.descriptor = util::Fd(::open(file.proc_path().c_str(), flags));
  made.close_on_exec = (m_flags & O_CLOEXEC) != 0;
  if (!made.descriptor) made.answer = Answer::failure(errno);
  return made;
}

// In a directory with the set-group-ID bit the group is the directory's.
FileMaker::Made FileMaker::record(util::FileOwner owner, util::OwnerRecords& records) const {
  struct statx parent {};
  const bool known = ::statx(m_parent.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &parent) == 0;
  if (known && (parent.stx_mode & S_ISGID) != 0) owner.gid = records.find_shown(m_parent.get(), parent).owner.gid;
  const util::Fd file(::openat(m_parent.get(), m_name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return {};  // gone already
  if (const int error = records.set_owner(file.get(), owner.uid, owner.gid); error != 0) return {Answer::failure(error), {}, false};
  return {};
}

}  // namespace jcb::sandbox
