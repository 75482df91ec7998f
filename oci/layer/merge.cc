// SPDX-License-Identifier: Apache-2.0
// Merging overlay directories into one, by overlayfs's own rules (kernel Documentation/filesystems/overlayfs.rst):
// the topmost entry of a name wins; directories of one name join from the top down, until one is opaque or something
// else lies under that name; a whiteout ends a name.
//
// The walk keeps paths, not descriptors: with a hundred sources, a descriptor for each on each level would run out.
#include "oci/layer/layer.h"
#include "oci/layer/look_up.h"
#include "oci/layer/merge_copy.h"
#include "oci/layer/whiteout.h"
#include "oci/layer/xattr.h"

#include "jcbuild/error.h"
#include "util/interrupt.h"
#include "util/text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>

namespace jcb::oci {
namespace {

using Sources = std::vector<std::size_t>;  // indexes into the roots, topmost first

// A directory of the result that is still to be filled.
struct Job {
  std::string path;  // "" for the root
  Sources sources;
  bool hides_below = false;  // nothing below all sources shows through here
};

// A directory of one source, open.
struct Contributor {
  std::size_t source = 0;
  util::Fd fd;
};

// Which of a directory's contributors have a name, topmost first, and as what.
using Claims = std::vector<std::pair<const Contributor*, mode_t>>;

class Merger {
 public:
  Merger(const std::vector<const util::Root*>& bottom_first, const util::Root& target, OverlayXattr overlay_xattr,
         const std::function<bool(const std::string&)>& below, const MergedOwners& owners)
      : m_roots(bottom_first.rbegin(), bottom_first.rend()),
        m_target(target),
        m_overlay_xattr(overlay_xattr),
        m_below(below),
        m_tables(owners.bottom_first.rbegin(), owners.bottom_first.rend()),
        m_owners(owners.result) {}

  void run() {
    Job root;
    for (std::size_t i = 0; i < m_roots.size(); ++i) root.sources.push_back(i);
    if (root.sources.empty()) return;
    m_finished.emplace_back("", root.sources.front());
    m_jobs.push_back(std::move(root));
    while (!m_jobs.empty()) {
      const Job job = std::move(m_jobs.back());
      m_jobs.pop_back();
      merge_directory(job);
    }
    // Children before parents: making the children changed the parents' times.
    for (auto done = m_finished.rbegin(); done != m_finished.rend(); ++done) finish_directory(done->first, done->second);
  }

 private:
  static std::string or_dot(const std::string& path) { return path.empty() ? "." : path; }
  static std::string thing_of(const std::string& path) { return "'" + util::escape_text(path) + "'"; }

  util::Fd open_directory(const util::Root& root, const std::string& path) const {
    return root.open_at(or_dot(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  }

  void merge_directory(const Job& job) {
    util::check_interrupt();
    std::vector<Contributor> contributors;
    for (const std::size_t source : job.sources) contributors.push_back({source, open_directory(*m_roots[source], job.path)});
    const util::Fd target = open_directory(m_target, job.path);
    std::map<std::string, Claims> names;
    for (const auto& contributor : contributors) {
      for (const auto& entry : util::list_directory(contributor.fd.get(), thing_of(job.path)))
        names[entry.name].emplace_back(&contributor, type_of(contributor, entry, job.path));
    }
    for (const auto& [name, claims] : names) merge_name(job, target.get(), name, claims);
  }

  // The type, with 0 for a whiteout.
  static mode_t type_of(const Contributor& contributor, const util::DirEntry& entry, const std::string& path) {
    if (entry.type != 0 && entry.type != S_IFCHR) return entry.type;
    struct stat status {};
    if (::fstatat(contributor.fd.get(), entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      throw_errno("stat", thing_of(path + "/" + entry.name));
    return is_whiteout_device(status) ? 0 : status.st_mode & S_IFMT;
  }

  void merge_name(const Job& job, int target, const std::string& name, const Claims& claims) {
    const std::string path = job.path.empty() ? name : job.path + "/" + name;
    const auto [top, type] = claims.front();
    if (type == S_IFDIR) return merge_subdirectory(job, target, name, path, claims);
    if (type != 0) {
      carry_owner(path, top->source);
      return link_or_copy(top->fd.get(), target, name, thing_of(path));
    }
    if (!job.hides_below && m_below(path)) make_whiteout_device(target, name, thing_of(path));
  }

  void carry_owner(const std::string& path, std::size_t source) const {
    if (m_owners != nullptr) m_owners->set(path, m_tables.at(source)->find(path));
  }

  void merge_subdirectory(const Job& job, int target, const std::string& name, const std::string& path, const Claims& claims) {
    Job child{path, {}, job.hides_below};
    bool opaque = false;
    for (const auto& [contributor, type] : claims) {
      // Something that is no directory hides what lies under it, and is itself hidden by the directories above it.
      if (type != S_IFDIR) opaque = true;
      if (opaque) break;
      child.sources.push_back(contributor->source);
      opaque = is_opaque_at(contributor->fd.get(), name, path);
    }
    if (::mkdirat(target, name.c_str(), 0700) != 0) throw_errno("make directory", thing_of(path));
    if (opaque && !job.hides_below && m_below(path)) mark_opaque(target, name, path);
    child.hides_below = job.hides_below || opaque;
    m_finished.emplace_back(path, child.sources.front());
    m_jobs.push_back(std::move(child));
  }

  util::Fd open_child(int directory, const std::string& name, const std::string& path) const {
    util::Fd fd(::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) throw_errno("open directory", thing_of(path));
    return fd;
  }

  bool is_opaque_at(int directory, const std::string& name, const std::string& path) const {
    const util::Fd fd = open_child(directory, name, path);
    return read_layer_xattrs(fd.get(), m_overlay_xattr, thing_of(path)).opaque;
  }

  void mark_opaque(int directory, const std::string& name, const std::string& path) const {
    set_opaque(open_child(directory, name, path).get(), m_overlay_xattr, thing_of(path));
  }

  void finish_directory(const std::string& path, std::size_t source) const {
    carry_owner(path, source);
    const util::Fd from = open_directory(*m_roots[source], path), to = open_directory(m_target, path);
    copy_metadata(from.get(), to.get(), thing_of(path));
  }

  std::vector<const util::Root*> m_roots;  // topmost first
  const util::Root& m_target;
  OverlayXattr m_overlay_xattr;
  const std::function<bool(const std::string&)>& m_below;
  std::vector<const util::OwnerTable*> m_tables;  // topmost first
  util::OwnerTable* m_owners;
  std::vector<Job> m_jobs;
  std::vector<std::pair<std::string, std::size_t>> m_finished;  // directories, and whose metadata each gets
};

}  // namespace

void merge_overlay_directories(const std::vector<const util::Root*>& bottom_first, const util::Root& target, OverlayXattr overlay_xattr,
                               const std::function<bool(const std::string&)>& below, const MergedOwners& owners) {
  Merger(bottom_first, target, overlay_xattr, below, owners).run();
}

bool overlay_has_path(const std::vector<const util::Root*>& top_first, const std::string& path, OverlayXattr overlay_xattr) {
  for (const auto* root : top_first) {
    const Finding finding = look_up(*root, path, overlay_xattr);
    if (finding != Finding::absent) return finding == Finding::present;
  }
  return false;
}

}  // namespace jcb::oci
