// SPDX-License-Identifier: Apache-2.0
#include "build/tree_index.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "jcbuild/error.h"
#include "util/interrupt.h"
#include "util/text.h"

namespace jcb::build {
namespace {

// Far-off times wrap: they are only compared for equality.
std::int64_t to_nanoseconds(const struct statx_timestamp& time) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(time.tv_sec) * 1000000000U + time.tv_nsec);
}

}  // namespace

FileState read_state(int directory_fd, const std::string& name) {
  struct statx status {};
  if (::statx(directory_fd, name.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &status) != 0)
    throw_errno("stat", util::escape_text(name));
  FileState state;
  state.device = makedev(status.stx_dev_major, status.stx_dev_minor);
  state.inode = status.stx_ino;
  state.size_bytes = status.stx_size;
  state.special = makedev(status.stx_rdev_major, status.stx_rdev_minor);
  state.modified = to_nanoseconds(status.stx_mtime);
  state.changed = to_nanoseconds(status.stx_ctime);
  if ((status.stx_mask & STATX_BTIME) != 0) state.born = to_nanoseconds(status.stx_btime);
  state.mode = status.stx_mode;
  state.uid = status.stx_uid;
  state.gid = status.stx_gid;
  state.links = status.stx_nlink;
  return state;
}

TreeIndex TreeIndex::read(const util::Root& root) {
  TreeIndex index;
  index.m_entries.push_back({read_state(root.fd(), ".")});
  // Paths, not descriptors: a hostile tree may be as deep as it likes.
  std::vector<std::pair<std::string, std::size_t>> todo{{"", 0}};
  while (!todo.empty()) {
    util::check_interrupt();
    const auto [path, self] = std::move(todo.back());
    todo.pop_back();
    index.add_directory(root, path, self, todo);
  }
  return index;
}

void TreeIndex::add_directory(const util::Root& root, const std::string& path, std::size_t self,
                              std::vector<std::pair<std::string, std::size_t>>& todo) {
  const util::Fd directory = root.open_at(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const auto listed = util::list_directory(directory.get(), util::escape_text(path));
  if (m_entries.size() + listed.size() > UINT32_MAX) throw Error(ErrorKind::unsupported, "the root file system has too many files");
  m_entries[self].first_child = static_cast<std::uint32_t>(m_entries.size());
  m_entries[self].child_count = static_cast<std::uint32_t>(listed.size());
  for (const auto& [name, type] : listed) {
    Entry entry{read_state(directory.get(), name)};
    entry.name_offset = static_cast<std::uint32_t>(m_names.size());
    entry.name_size = static_cast<std::uint32_t>(name.size());
    if (entry.state.is_directory()) todo.emplace_back(path.empty() ? name : path + "/" + name, m_entries.size());
    m_names += name;
    m_entries.push_back(entry);
  }
  if (m_names.size() > UINT32_MAX) throw Error(ErrorKind::unsupported, "the root file system has too many files");
}

}  // namespace jcb::build
