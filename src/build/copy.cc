// SPDX-License-Identifier: Apache-2.0
#include "build/copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jcbuild/error.h"
#include "sandbox/users.h"
#include "util/file.h"
#include "util/text.h"

namespace jcb::build {
namespace {

std::string last_component(const std::string& path) { return path.substr(path.rfind('/') + 1); }

class Copier {
 public:
  Copier(const util::Root& merged, const Context& context, const Step& step) : m_merged(merged), m_context(context), m_step(step) {
    m_owner = sandbox::find_user(merged, step.owner).identity;
  }

  void run() {
    for (const auto& source : m_step.sources) {
      if (source.directory) {
        make_owned_directories(m_merged, m_step.destination, m_owner.uid, m_owner.gid);
        copy_children(source.path, m_step.destination);
      } else {
        copy_entry(source.path, file_target(source), util::Follow::yes);
      }
    }
  }

 private:
  // Where a single file goes, its parent directories made.
  std::string file_target(const CopySource& source) {
    const auto existing = m_merged.find_stat(m_step.destination, util::Follow::yes);
    const bool into = m_step.destination.ends_with('/') || (existing && S_ISDIR(existing->st_mode));
    const std::string target = into ? m_step.destination + "/" + last_component(source.path) : m_step.destination;
    make_owned_directories(m_merged, target.substr(0, target.rfind('/')), m_owner.uid, m_owner.gid);
    return target;
  }

  void copy_children(const std::string& directory, const std::string& target) {
    for (const auto& entry : m_context.root().list(directory)) {
      copy_entry(directory.empty() ? entry.name : directory + "/" + entry.name, target + "/" + entry.name, util::Follow::no);
    }
  }

  void copy_entry(const std::string& source, const std::string& target, util::Follow follow) {
    const auto status = m_context.root().find_stat(source, follow);
    if (!status) throw Error(ErrorKind::failed, "the build context changed while it was copied: " + source + " is gone");
    if (S_ISDIR(status->st_mode)) {
      copy_directory(source, target, status->st_mode);
    } else if (S_ISLNK(status->st_mode)) {
      copy_link(source, target);
    } else {
      copy_file(source, target, status->st_mode);
    }
  }

  void copy_directory(const std::string& source, const std::string& target, mode_t mode) {
    if (!m_merged.find_stat(target, util::Follow::yes)) {
      const util::Fd made = m_merged.make_dirs(target, 0755);
      finish(made.get(), target, mode);
    }
    copy_children(source, target);
  }

  void copy_link(const std::string& source, const std::string& target) {
    const std::string destination = m_context.root().read_link(source);
    clear_the_way(target);
    const util::Place place = m_merged.place(target);
    if (::symlinkat(destination.c_str(), place.parent.get(), place.name.c_str()) != 0) throw_errno("make link", target);
    if (::fchownat(place.parent.get(), place.name.c_str(), m_owner.uid, m_owner.gid, AT_SYMLINK_NOFOLLOW) != 0)
      throw_errno("set the owner of", target);
  }

  void copy_file(const std::string& source, const std::string& target, mode_t mode) {
    const util::Fd from = m_context.root().open_regular(source);
    clear_the_way(target);
    const util::Fd to = m_merged.open_at(target, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    util::copy_bytes(from.get(), to.get(), target);
    finish(to.get(), target, mode);
  }

  // A file gives way to what is copied; a directory is the user's mistake to hear about.
  void clear_the_way(const std::string& target) {
    const auto existing = m_merged.find_stat(target);
    if (!existing || S_ISLNK(existing->st_mode)) return;
    if (S_ISDIR(existing->st_mode)) throw Error(ErrorKind::refused, "cannot copy a file over the directory " + util::escape_text(target));
    m_merged.remove_tree(target);
  }

  void finish(int fd, const std::string& target, mode_t mode) const {
    if (::fchown(fd, m_owner.uid, m_owner.gid) != 0) throw_errno("set the owner of", target);
    if (::fchmod(fd, m_step.mode.value_or(m_context.image_mode(mode))) != 0) throw_errno("set the mode of", target);
  }

  const util::Root& m_merged;
  const Context& m_context;
  const Step& m_step;
  sandbox::Identity m_owner;
};

}  // namespace

void copy_into(const util::Root& merged, const Context& context, const Step& step) { Copier(merged, context, step).run(); }

void make_owned_directories(const util::Root& merged, const std::string& path, std::uint32_t uid, std::uint32_t gid) {
  std::string done;
  for (const auto& component : util::split(path, '/')) {
    if (component.empty()) continue;
    done += "/" + component;
    const auto existing = merged.find_stat(done, util::Follow::yes);
    if (existing && S_ISDIR(existing->st_mode)) continue;
    const util::Fd made = merged.make_dirs(done, 0755);
    if (::fchmod(made.get(), 0755) != 0 || ::fchown(made.get(), uid, gid) != 0) throw_errno("make directory", done);
  }
}

}  // namespace jcb::build
