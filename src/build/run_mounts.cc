// SPDX-License-Identifier: Apache-2.0
#include "build/run_mounts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "build/seed.h"
#include "dockerfile/csv.h"
#include "jcbuild/error.h"
#include "sandbox/isolation.h"
#include "util/hash.h"
#include "util/text.h"

namespace jcb::build {
namespace {

using dockerfile::MountType;
using dockerfile::RunMount;
using Held = std::shared_ptr<const util::Fd>;

struct stat stat_of(int fd, const std::string& thing) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_errno("stat", thing);
  return status;
}

util::Root open_tree(const MountTree& tree) {
  if (tree.path.empty()) return tree.root->duplicate();
  util::Root root = util::Root::open(tree.path);
  if (!tree.root) return root;
  const auto now = stat_of(root.fd(), tree.path.native()), before = stat_of(tree.root->fd(), tree.path.native());
  if (now.st_ino != before.st_ino || now.st_dev != before.st_dev)
    throw Error(ErrorKind::refused, tree.path.native() + " was replaced while it was in use");
  return root;
}

std::string describe_source(const RunMount& mount) {
  const std::string tree = mount.from.empty() ? "the build context" : util::escape_text(mount.from);
  return "/" + util::escape_text(mount.source.starts_with('/') ? mount.source.substr(1) : mount.source) + " of " + tree;
}

// Links are followed inside the tree and the result is held, so that it is the same at the mount (CVE-2024-23651,
// CVE-2024-1753). A device node of an image would be a device of this machine.
Held hold_source(const util::Root& root, const RunMount& mount) {
  auto found = root.find_at(mount.source.empty() ? "." : mount.source, O_PATH);
  if (!found) throw Error(ErrorKind::not_found, "the source of a mount, " + describe_source(mount) + ", does not exist");
  const mode_t type = stat_of(found->get(), mount.source).st_mode & S_IFMT;
  if (type != S_IFDIR && type != S_IFREG)
    throw Error(ErrorKind::refused, "the source of a mount, " + describe_source(mount) + ", is neither a directory nor a regular file");
  return std::make_shared<const util::Fd>(std::move(*found));
}

bool is_directory(const Held& held) { return S_ISDIR(stat_of(held->get(), "the source of a mount").st_mode); }

util::Root root_of(int directory_fd) {
  util::Fd fd(::openat(directory_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno("open", "the source of a mount");
  return util::Root(std::move(fd));
}

std::string to_octal(std::uint32_t mode) {
  std::string digits;
  do digits.insert(digits.begin(), static_cast<char>('0' + mode % 8));
  while ((mode /= 8) > 0);
  return digits;
}

std::string add_number(std::string text, const char* name, const std::optional<std::uint32_t>& value) {
  return value ? text + " " + name + "=" + std::to_string(*value) : text;
}

}  // namespace

// Fills a RunMounts.
class RunMounts::Builder {
 public:
  Builder(RunMounts& made, const MountEnvironment& environment, store::Workspace& workspace)
      : m_made(made), m_environment(environment), m_workspace(workspace) {}

  // Caches last: while their locks are waited for, nobody should wait for us, and all that can be wrong is known by then.
  void run(const std::vector<RunMount>& mounts) {
    for (const auto& mount : mounts) {
      const std::string target = find_target(mount);
      in_step(std::string("preparing the ") + dockerfile::mount_type_name(mount.type) + " mount " + util::escape_text(target),
              [&] { add(mount, target); });
    }
    take_caches();
  }

 private:
  // Relative to the working directory; a secret may be only a variable.
  std::string find_target(const RunMount& mount) const {
    if (mount.type == MountType::secret && mount.target.empty()) return {};
    const std::string target = mount.target.starts_with('/') ? mount.target : m_environment.working_directory + "/" + mount.target;
    if (std::filesystem::path(target).lexically_normal() == "/")
      throw Error(ErrorKind::invalid, "a mount cannot cover the whole root file system", "give its target");
    return target;
  }

  void add(const RunMount& mount, const std::string& target) {
    switch (mount.type) {
      case MountType::bind:
        return add_bind(mount, target);
      case MountType::cache:
        return wish_cache(mount, target);
      case MountType::tmpfs:
        m_made.m_tmpfs.push_back({target, mount.size_bytes.value_or(0), mode_of(mount), mount.read_only});
        return add_point(target, true);
      case MountType::secret:
        return add_secret(mount, target);
      case MountType::ssh:
        return add_agent(mount, target);
    }
  }

  static std::uint32_t mode_of(const RunMount& mount) { return mount.mode.value_or(dockerfile::default_mode(mount.type)); }

  void add_point(const std::string& target, bool directory) { m_made.m_points.push_back({target, directory}); }

  void add_bind(const RunMount& mount, const std::string& target) {
    const util::Root tree = open_tree(m_environment.tree(mount.from));
    Held source = hold_source(tree, mount);
    const bool directory = is_directory(source);
    // Where nothing can be mounted a job gets a copy of what is read-only: just what `rw` means.
    const bool copied = !sandbox::can_mount();
    if (!mount.read_only && !copied) source = directory ? make_overlay(root_of(source->get())) : make_copy(*source);
    m_made.m_binds.push_back({describe_source(mount), target, mount.read_only || copied, std::move(source)});
    add_point(target, directory);
  }

  std::filesystem::path make_scratch(const char* name) { return m_made.m_scratch.emplace_back(m_workspace.make_directory(name)); }

  // The merged directory takes its attributes from the upper one.
  Held make_overlay(const util::Root& lower) {
    const auto upper = make_scratch("mount-upper"), work = make_scratch("mount-work"), merged = make_scratch("mount");
    const auto status = stat_of(lower.fd(), "the source of a mount");
    if (::chown(upper.c_str(), status.st_uid, status.st_gid) != 0 || ::chmod(upper.c_str(), status.st_mode & 07777) != 0)
      throw_errno("set the attributes of", upper.native());
    m_made.m_overlays.push_back(std::make_unique<sandbox::OverlayMount>(std::vector{&lower}, upper, work, merged));
    return std::make_shared<const util::Fd>(m_made.m_overlays.back()->root().open_at(".", O_PATH | O_DIRECTORY));
  }

  Held make_copy(const util::Fd& source) {
    const util::Root scratch = util::Root::open(make_scratch("mount"));
    const util::Fd content(::open(source.proc_path().c_str(), O_RDONLY | O_CLOEXEC));
    if (!content) throw_errno("read", "the source of a mount");
    copy_file(content, scratch.open_at("file", O_WRONLY | O_CREAT | O_EXCL, 0600), "the source of a mount");
    return std::make_shared<const util::Fd>(scratch.open_at("file", O_PATH));
  }

  // Without mounts a job works on a copy that becomes the cache: one at a time.
  static dockerfile::CacheSharing sharing_of(const RunMount& mount) {
    const bool shared = mount.sharing == dockerfile::CacheSharing::shared;
    return shared && !sandbox::can_mount() ? dockerfile::CacheSharing::locked : mount.sharing;
  }

  // A cache that begins otherwise is another one, as in BuildKit, where the id belongs to a base.
  void wish_cache(const RunMount& mount, const std::string& target) {
    CacheWish wish{m_environment.cache_namespace + "/" + mount.id, sharing_of(mount), nullptr, mount.mode, mount.uid, mount.gid};
    if (!mount.from.empty()) {
      const MountTree tree = m_environment.tree(mount.from);
      wish.seed = hold_source(open_tree(tree), mount);
      if (!is_directory(wish.seed)) throw Error(ErrorKind::invalid, "a cache mount cannot start from a file: " + describe_source(mount));
      wish.id += std::string(1, '\0') + "from " + mount.from + std::string(1, '\0') + mount.source + std::string(1, '\0') + tree.identity;
    }
    std::string attributes = mount.mode ? " mode=" + to_octal(*mount.mode) : "";
    attributes = add_number(add_number(attributes, "uid", mount.uid), "gid", mount.gid);
    if (!attributes.empty()) wish.id += std::string(1, '\0') + attributes;
    m_wishes.push_back(std::move(wish));
    m_cached.emplace_back(mount, target);
    add_point(target, true);
  }

  void take_caches() {
    m_made.m_caches = build::take_caches(*m_environment.store, m_workspace, m_wishes);
    for (std::size_t i = 0; i < m_cached.size(); ++i) {
      const auto& [mount, target] = m_cached[i];
      m_made.m_binds.push_back({m_made.m_caches[i]->path(), target, mount.read_only, hold_cache(mount, *m_made.m_caches[i])});
    }
  }

  // `source` without `from` is a directory in the cache: what other RUNs made of it is looked up inside and held.
  static Held hold_cache(const RunMount& mount, const TakenCache& cache) {
    const util::Root root = root_of(cache.fd());
    if (!mount.from.empty() || mount.source.empty()) return std::make_shared<const util::Fd>(root.open_at(".", O_PATH | O_DIRECTORY));
    auto found = root.find_at(mount.source, O_PATH | O_DIRECTORY);
    if (!found) throw Error(ErrorKind::not_found, "the cache mount has no directory " + util::escape_text(mount.source));
    return std::make_shared<const util::Fd>(std::move(*found));
  }

  void add_secret(const RunMount& mount, const std::string& target) {
    const auto found =
        m_environment.secrets != nullptr ? m_environment.secrets->find(mount.id) : std::map<std::string, Secret>::const_iterator{};
    if (m_environment.secrets == nullptr || found == m_environment.secrets->end()) {
      if (!mount.required) return;
      throw Error(ErrorKind::not_found, "the secret " + util::escape_text(mount.id) + " is required and was not given",
                  "add --secret id=" + util::quote_for_shell(mount.id) + ",src=FILE");
    }
    if (mount.environment) m_made.m_variables[*mount.environment] = found->second.content;
    if (target.empty()) return;
    m_made.m_files.push_back({target, found->second.content, mode_of(mount), mount.uid.value_or(0), mount.gid.value_or(0)});
    add_point(target, false);
  }

  void add_agent(const RunMount& mount, const std::string& target) {
    const auto* sockets = m_environment.ssh_sockets;
    if (sockets == nullptr || sockets->count(mount.id) == 0) {
      if (!mount.required) return;
      throw Error(ErrorKind::not_found, "the ssh agent " + util::escape_text(mount.id) + " is required and was not given",
                  "add --ssh " + util::quote_for_shell(mount.id));
    }
    auto& agent = m_made.m_agents.emplace_back(std::make_unique<SshAgentProxy>(make_scratch("agent"), sockets->at(mount.id), mode_of(mount),
                                                                               mount.uid.value_or(0), mount.gid.value_or(0)));
    m_made.m_binds.push_back({"the agent's socket", target, true, agent->socket()});
    add_point(target, false);
    if (m_made.m_agent_socket.empty()) m_made.m_agent_socket = target;
  }

  RunMounts& m_made;
  const MountEnvironment& m_environment;
  store::Workspace& m_workspace;
  std::vector<CacheWish> m_wishes;
  std::vector<std::pair<RunMount, std::string>> m_cached;
};

RunMounts::RunMounts(const std::vector<RunMount>& mounts, const MountEnvironment& environment, store::Workspace& workspace) {
  Builder(*this, environment, workspace).run(mounts);
}

RunMounts::~RunMounts() {
  m_agents.clear();
  m_binds.clear();
  m_overlays.clear();
  for (const auto& path : m_scratch) {
    try {
      util::Root::open(path.parent_path()).remove_tree(path.filename().native());
    } catch (const Error&) {
      // The workspace removes it.
    }
  }
}

std::vector<sandbox::MountPoint> RunMounts::points() const { return m_points; }

void RunMounts::add_to(sandbox::Job& job) const {
  job.binds.insert(job.binds.end(), m_binds.begin(), m_binds.end());
  job.tmpfs.insert(job.tmpfs.end(), m_tmpfs.begin(), m_tmpfs.end());
  job.files.insert(job.files.end(), m_files.begin(), m_files.end());
  const auto is_set = [&](const std::string& name) {
    return [prefix = name + "="](const std::string& entry) { return entry.starts_with(prefix); };
  };
  for (const auto& [name, content] : m_variables) {
    std::erase_if(job.environment, is_set(name));
    job.environment.push_back(name + "=" + content);
  }
  const bool has_agent = std::any_of(job.environment.begin(), job.environment.end(), is_set("SSH_AUTH_SOCK"));
  if (!m_agent_socket.empty() && !has_agent) job.environment.push_back("SSH_AUTH_SOCK=" + m_agent_socket);
}

std::vector<std::string> key_fields(const std::vector<RunMount>& mounts) {
  std::vector<std::string> fields;
  for (const auto& mount : mounts) {
    std::vector<std::string> parts{std::string("type=") + dockerfile::mount_type_name(mount.type), "target=" + mount.target};
    if (!mount.from.empty()) parts.push_back("from=" + mount.from);
    if (!mount.source.empty()) parts.push_back("source=" + mount.source);
    if (!mount.id.empty() && mount.type != MountType::cache) parts.push_back("id=" + mount.id);
    if (mount.environment) parts.push_back("env=" + *mount.environment);
    parts.push_back(mount.read_only ? "ro" : "rw");
    if (mount.mode) parts.push_back("mode=" + to_octal(*mount.mode));
    if (mount.uid) parts.push_back("uid=" + std::to_string(*mount.uid));
    if (mount.gid) parts.push_back("gid=" + std::to_string(*mount.gid));
    if (mount.size_bytes) parts.push_back("size=" + std::to_string(*mount.size_bytes));
    if (mount.required) parts.push_back("required");
    fields.push_back(dockerfile::make_csv_record(parts));
  }
  return fields;
}

}  // namespace jcb::build
