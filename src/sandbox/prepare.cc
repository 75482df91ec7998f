// SPDX-License-Identifier: Apache-2.0
#include "sandbox/prepare.h"

#include "jcbuild/error.h"
#include "sandbox/job_check.h"
#include "sandbox/kernel.h"
#include "sandbox/seccomp_filter.h"
#include "util/text.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

namespace jcb::sandbox {
namespace {

std::string to_octal(std::uint32_t mode) {
  std::string digits;
  do digits.insert(digits.begin(), static_cast<char>('0' + mode % 8));
  while ((mode /= 8) > 0);
  return digits;
}

// The directory that a bind shows.
util::Root open_directory(const Bind& bind) {
  if (!bind.held) return util::Root::open(bind.source);
  util::Fd fd(::openat(bind.held->get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno("open", bind.source.native());
  return util::Root(std::move(fd));
}

// Removing a mount point detaches what other jobs have mounted on it, and a held tree, such as a cache, may be shared.
Stubs stubs_in(const Bind& bind) { return bind.held ? Stubs::keep : Stubs::remove; }

struct Source {
  util::Fd tree;
  mode_t type = 0;
};

// Held from here to the mount, so that nothing can be put in its place (CVE-2024-23651).
Source open_source(const Bind& bind) {
  Source source{util::Fd(kernel::clone_tree(bind.held ? kernel::FdPath(bind.held->get()).c_str() : bind.source.c_str()))};
  if (!source.tree && errno == ENOSYS) throw Error(ErrorKind::unsupported, "binds need Linux 5.2");
  struct stat status {};
  if (!source.tree || ::fstat(source.tree.get(), &status) != 0) throw_errno("open", bind.source.native());
  source.type = status.st_mode & S_IFMT;
  return source;
}

// A device node works only when its path was given to us: one that was looked up in a tree may be anybody's.
std::uint64_t restrictions_of(const Job& job, const Bind& bind, mode_t type) {
  const bool device = !bind.held && (type == S_IFCHR || type == S_IFBLK);
  const std::uint64_t devices = job.privileged || device ? 0 : kernel::k_no_devices;
  return devices | (bind.read_only ? kernel::k_read_only : 0);
}

}  // namespace

PreparedJob::PreparedJob(const Job& job) : m_job(job), m_words(m_job) {
  m_parent = util::Fd(kernel::open_pidfd(::getpid()));
  if (!m_parent) throw_errno("open", "a descriptor of this process");
  m_shm_options = "mode=1777,size=" + std::to_string(m_job.shm_bytes);
  MountPoints& root = m_mount_points.emplace_back(util::Root::open(m_job.root));
  for (const char* name : {"proc", "sys", "dev"}) root.require_directory(name);
  m_covered.push_back("dev");
  add_mounts();
  add_files();
}

// Outer targets first, so that an inner one is mounted in what the outer one shows. Where a target lies is known for sure
// only when what covers parts of the root is known: so the order comes first, then the paths.
void PreparedJob::add_mounts() {
  std::vector<Placed> mounts;
  for (const auto& bind : m_job.binds) mounts.push_back({resolve(bind.target), &bind, nullptr});
  for (const auto& tmpfs : m_job.tmpfs) mounts.push_back({resolve(tmpfs.target), nullptr, &tmpfs});
  const auto depth = [](const std::string& path) { return std::count(path.begin(), path.end(), '/'); };
  std::stable_sort(mounts.begin(), mounts.end(), [&](const auto& a, const auto& b) { return depth(a.path) < depth(b.path); });
  for (auto& mount : mounts) {
    mount.path = resolve(mount.target());
    check_place(mount.path, mount.target());
    mount.bind != nullptr ? add_bind(mount) : add_tmpfs(mount);
    m_done.push_back(mount);
    m_covered.push_back(mount.path);
  }
}

std::string PreparedJob::resolve(const std::string& target) const { return m_mount_points[0].resolve(target, m_covered); }

void PreparedJob::add_bind(const Placed& placed) {
  Source source = open_source(*placed.bind);
  const auto restrictions = restrictions_of(m_job, *placed.bind, source.type);
  m_binds.push_back({source.tree.get(), nullptr, find_target(placed.path, source.type == S_IFDIR), restrictions});
  m_trees.push_back(std::move(source.tree));
}

void PreparedJob::add_tmpfs(const Placed& placed) {
  const Tmpfs& tmpfs = *placed.tmpfs;
  const std::string size = tmpfs.size_bytes == 0 ? "" : ",size=" + std::to_string(tmpfs.size_bytes);
  const char* options = keep("mode=" + to_octal(tmpfs.mode) + size);
  m_binds.push_back({-1, options, find_target(placed.path, true), tmpfs.read_only ? kernel::k_read_only : 0});
}

// A target in a tmpfs of the job is made there by the child. One inside an earlier bind must exist in that bind's source,
// or be made there when it is writable.
PlannedTarget PreparedJob::find_target(const std::string& path, bool directory) {
  for (auto outer = m_done.rbegin(); outer != m_done.rend(); ++outer) {
    if (!is_below(path, outer->path) || path == outer->path) continue;
    const std::string rest = path.substr(outer->path.size() + 1);
    if (outer->bind == nullptr) return {keep(outer->path), keep(rest), directory};
    const auto source = open_directory(*outer->bind);
    if (outer->bind->read_only && !source.find_stat(rest))
      throw Error(ErrorKind::invalid, "mount target /" + util::escape_text(path) + " does not exist in the read-only bind around it");
    const std::string found = m_mount_points.emplace_back(source.duplicate(), stubs_in(*outer->bind)).find_or_make(rest, directory);
    return {nullptr, keep(outer->path + "/" + found), directory};
  }
  if (is_below(path, "dev")) return {"dev", keep(path.substr(4)), directory};
  return {nullptr, keep(m_mount_points[0].find_or_make(path, directory)), directory};
}

void PreparedJob::add_files() {
  add_file("etc/resolv.conf", network_file(m_job, "/etc/resolv.conf", ""));
  add_file("etc/hosts", network_file(m_job, "/etc/hosts", k_local_hosts));
  add_file("etc/hostname", m_job.hostname + "\n");
  for (const auto& file : m_job.files) add_private_file(file);
}

void PreparedJob::add_file(const char* path, std::string content) {
  const std::string target = resolve(path);
  const auto is_target = [&](const auto& mount) { return mount.path == target; };
  if (std::any_of(m_done.begin(), m_done.end(), is_target)) return;  // the caller shows his own
  try {
    const PlannedTarget place = find_target(target, false);
    keep(std::move(content));
    m_files.push_back({place, m_texts.back()});
  } catch (const Error& error) {
    // A root shown read-only (our own helpers run in the host's) keeps what it has, or lacks.
    if (error.errno_value() != EROFS) throw;
  }
}

void PreparedJob::add_private_file(const PrivateFile& file) {
  const std::string path = resolve(file.target);
  check_place(path, file.target);
  m_files.push_back({find_target(path, false), file.content, file.mode & 07777, file.uid, file.gid,
                     kernel::k_read_only | kernel::k_no_suid | kernel::k_no_devices | kernel::k_no_exec});
}

LaunchPlan PreparedJob::plan() const {
  LaunchPlan plan;
  m_words.add_to(plan);
  plan.hostname = m_job.hostname;
  plan.shm_options = m_shm_options.c_str();
  plan.binds = m_binds;
  plan.files = m_files;
  if (!m_job.privileged && !m_job.insecure) plan.filter = step_filter();
  plan.parent = m_parent.get();
  plan.new_network = m_job.network == Network::none;
  plan.read_only_root = m_job.read_only_root;
  plan.privileged = m_job.privileged || m_job.insecure;
  plan.insecure = m_job.insecure && !m_job.privileged;
  return plan;
}

}  // namespace jcb::sandbox
