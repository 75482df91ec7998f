// SPDX-License-Identifier: Apache-2.0
#include "build/seed.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jcbuild/error.h"
#include "util/file.h"
#include "util/text.h"

namespace jcb::build {
namespace {

// The owner first: chown(2) takes set-user-id bits away. Times last.
void copy_attributes(int to, const struct stat& status, std::string_view thing) {
  const timespec times[2] = {status.st_atim, status.st_mtim};
  const bool good =
      ::fchown(to, status.st_uid, status.st_gid) == 0 && ::fchmod(to, status.st_mode & 07777) == 0 && ::futimens(to, times) == 0;
  if (!good) throw_errno("set the attributes of", util::escape_text(thing));
}

class TreeCopy {
 public:
  TreeCopy(const util::Root& from, const util::Root& to) : m_from(from), m_to(to) {}

  void copy_children(const std::string& directory) {
    for (const auto& entry : m_from.list(directory)) {
      const std::string path = directory.empty() ? entry.name : directory + "/" + entry.name;
      const auto status = m_from.find_stat(path);
      if (!status) continue;  // somebody else works in there
      if (S_ISDIR(status->st_mode)) copy_directory(path, *status);
      if (S_ISREG(status->st_mode)) copy_regular(path);
      if (S_ISLNK(status->st_mode)) copy_link(path, *status);
    }
  }

 private:
  void copy_directory(const std::string& path, const struct stat& status) {
    const util::Fd made = m_to.make_dirs(path, 0700);
    copy_children(path);
    copy_attributes(made.get(), status, path);
  }

  void copy_regular(const std::string& path) {
    copy_file(m_from.open_regular(path), m_to.open_at(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600), path);
  }

  void copy_link(const std::string& path, const struct stat& status) {
    const std::string target = m_from.read_link(path);
    const util::Place place = m_to.place(path);
    const bool good = ::symlinkat(target.c_str(), place.parent.get(), place.name.c_str()) == 0 &&
                      ::fchownat(place.parent.get(), place.name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) == 0;
    if (!good) throw_errno("make link", util::escape_text(path));
  }

  const util::Root& m_from;
  const util::Root& m_to;
};

}  // namespace

void copy_tree(const util::Root& from, const util::Root& to) { TreeCopy(from, to).copy_children({}); }

void copy_file(const util::Fd& from, const util::Fd& to, std::string_view thing) {
  struct stat status {};
  if (::fstat(from.get(), &status) != 0) throw_errno("stat", util::escape_text(thing));
  util::copy_bytes(from.get(), to.get(), util::escape_text(thing));
  copy_attributes(to.get(), status, thing);
}

}  // namespace jcb::build
