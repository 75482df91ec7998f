// SPDX-License-Identifier: Apache-2.0
#include "sandbox/linked_directory.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "jcbuild/error.h"
#include "util/text.h"
#include "util/tree_copy.h"

namespace jcb::sandbox {

LinkedDirectory::LinkedDirectory(util::Root source, const util::Root& placed) : m_source(std::move(source)), m_names(m_source.list()) {
  util::duplicate_tree(m_source, placed, util::FileSharing::links);
}

void LinkedDirectory::give_back(const util::Root& placed) {
  for (const auto& entry : placed.list()) hand_over(placed, entry);
  for (const auto& entry : m_names) {
    if (!placed.find_stat(entry.name)) m_source.remove_tree(entry.name);
  }
  util::copy_attributes(placed.fd(), m_source.fd(), "a cache directory");
}

// What was there before ends up in `placed`, which goes anyway. An untouched file is the same inode on both sides, and
// rename(2) then does nothing.
void LinkedDirectory::hand_over(const util::Root& placed, const util::DirEntry& entry) {
  const char* name = entry.name.c_str();
  if (::renameat2(placed.fd(), name, m_source.fd(), name, RENAME_EXCHANGE) == 0) return;
  // A file system that cannot exchange, or another one: this entry is lost when we are killed just here.
  if (errno != ENOENT) m_source.remove_tree(entry.name);
  if (::renameat(placed.fd(), name, m_source.fd(), name) == 0) return;
  if (errno != EXDEV) throw_errno("give back", util::escape_text(entry.name));
  copy_over(placed, entry.name);
}

void LinkedDirectory::copy_over(const util::Root& placed, const std::string& name) {
  const auto status = placed.find_stat(name);
  if (!status) return;
  util::copy_entry(placed.fd(), m_source.fd(), name, *status, util::escape_text(name));
  if (S_ISDIR(status->st_mode)) util::duplicate_tree(placed.subroot(name), m_source.subroot(name), util::FileSharing::copies);
}

}  // namespace jcb::sandbox
