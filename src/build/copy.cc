// SPDX-License-Identifier: Apache-2.0
#include "build/copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jcbuild/error.h"
#include "sandbox/users.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/text.h"

namespace jcb::build {
namespace {

// The components of a source path: "." and empty ones dropped, ".." clamped at the context's root, as docker does.
std::vector<std::string> clean_components(const std::string& pattern) {
  std::vector<std::string> components;
  for (auto& part : util::split(pattern, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      components.push_back(std::move(part));
    } else if (!components.empty()) {
      components.pop_back();
    }
  }
  return components;
}

bool has_wildcard(const std::string& component) { return component.find_first_of("*?[\\") != std::string::npos; }

std::string join_path(const std::string& directory, const std::string& name) { return directory.empty() ? name : directory + "/" + name; }

// Feeds everything that the content of a tree consists of into a hash: not owner and not times, which COPY does not take.
class TreeHash {
 public:
  TreeHash(const util::Root& root, const Context& context) : m_root(root), m_context(context) {}

  std::string hash(const std::string& path, const struct stat& status) {
    add(path, "", status);
    return m_hash.hex();
  }

 private:
  void add(const std::string& path, const std::string& relative, const struct stat& status) {
    m_hash.field(relative).field(std::to_string(status.st_mode & S_IFMT)).field(std::to_string(m_context.image_mode(status.st_mode)));
    if (S_ISDIR(status.st_mode)) return add_children(path, relative);
    if (S_ISLNK(status.st_mode)) {
      m_hash.field(m_root.read_link(path));
    } else if (S_ISREG(status.st_mode)) {
      add_content(path);
    } else {
      throw Error(ErrorKind::invalid, "cannot copy " + path + ": it is neither a file, a directory nor a link");
    }
  }

  void add_children(const std::string& path, const std::string& relative) {
    for (const auto& entry : m_root.list(path)) {
      const auto child = join_path(path, entry.name);
      const auto status = m_root.find_stat(child);
      if (status) add(child, join_path(relative, entry.name), *status);
    }
  }

  void add_content(const std::string& path) {
    const util::Fd file = m_root.open_regular(path);
    util::Sha256 content;
    std::vector<char> buffer(std::size_t{1} << 17);
    while (const std::size_t got = util::read_full(file.get(), buffer.data(), buffer.size(), path)) content.update({buffer.data(), got});
    m_hash.field(content.hex());
  }

  const util::Root& m_root;
  const Context& m_context;
  util::Sha256 m_hash;
};


std::vector<std::string> expand(const util::Root& m_root, const std::string& pattern, bool literal) {
  std::vector<std::string> paths{""};
  for (const auto& component : clean_components(pattern)) {
    std::vector<std::string> next;
    for (const auto& path : paths) {
      if (literal || !has_wildcard(component)) {
        const auto candidate = join_path(path, component);
        if (m_root.find_stat(candidate)) next.push_back(candidate);
        continue;
      }
      const auto status = m_root.find_stat(path.empty() ? "." : path, util::Follow::yes);
      if (!status || !S_ISDIR(status->st_mode)) continue;
      for (const auto& entry : m_root.list(path)) {
        if (util::matches_glob(component, entry.name)) next.push_back(join_path(path, entry.name));
      }
    }
    paths = std::move(next);
  }
  return paths;
}
std::string last_component(const std::string& path) { return path.substr(path.rfind('/') + 1); }

class Copier {
 public:
  Copier(const util::Root& merged, const Context& context, const CopyRequest& step, std::vector<CopySource> sources) : m_sources(std::move(sources)), m_merged(merged), m_context(context), m_step(step) {
    m_owner = sandbox::find_user(merged, step.chown).identity;
  }

  void run() {
    for (const auto& source : m_sources) {
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
    if (::fchmod(fd, (m_step.chmod.empty() ? m_context.image_mode(mode) : static_cast<std::uint32_t>(std::stoul(m_step.chmod, nullptr, 8)))) != 0) throw_errno("set the mode of", target);
  }

  std::vector<CopySource> m_sources;
  const util::Root& m_merged;
  const Context& m_context;
  const CopyRequest& m_step;
  sandbox::Identity m_owner;
};

}

std::vector<CopySource> select_sources(const CopyRequest& request) {
  std::vector<CopySource> result;
  for (std::size_t i = 0; i < request.arguments.size(); ++i) {
    const auto& argument = request.arguments[i];
    const auto before = result.size();
    for (const auto& path : expand(argument.from->root(), argument.path, argument.literal)) {
      const auto status = argument.from->root().find_stat(path.empty() ? "." : path, util::Follow::yes);
      if (!status) continue;
      result.push_back({i, path, S_ISDIR(status->st_mode), TreeHash(argument.from->root(), *argument.from).hash(path.empty() ? "." : path, *status)});
    }
    if (before == result.size()) throw Error(ErrorKind::not_found, "'" + argument.path + "' is not in " + argument.from->options().name);
  }
  return result;
}
std::vector<std::string> key_fields(const CopyRequest& r, const std::vector<CopySource>& sources) {
  std::vector<std::string> fields{r.destination, r.chown, r.chmod};
  for (const auto& source : sources) { fields.push_back(source.directory ? "" : last_component(source.path)); fields.push_back(source.content); }
  return fields;
}
void copy_into(const util::Root& merged, const CopyRequest& request, const std::vector<CopySource>& sources) {
  for (std::size_t i = 0; i < request.arguments.size(); ++i) {
    std::vector<CopySource> mine;
    for (const auto& s : sources) if (s.argument == i) mine.push_back(s);
    Copier(merged, *request.arguments[i].from, request, mine).run();
  }
}

void make_owned_directories(const util::Root& merged, const std::string& path, std::uint32_t uid, std::uint32_t gid,
                            util::OwnerRecords* records) {
  std::string done;
  for (const auto& component : util::split(path, '/')) {
    if (component.empty()) continue;
    done += "/" + component;
    const auto existing = merged.find_stat(done, util::Follow::yes);
    if (existing && S_ISDIR(existing->st_mode)) continue;
    const util::Fd made = merged.make_dirs(done, 0755);
    if (::fchmod(made.get(), 0755) != 0) throw_errno("make directory", done);
    util::change_owner(made.get(), "", {uid, gid}, records, done);
  }
}

}  // namespace jcb::build
