// SPDX-License-Identifier: Apache-2.0
#include "sandbox/chroot_job.h"

#include <fcntl.h>
#include <unistd.h>

#include "jcbuild/error.h"
#include "sandbox/job_check.h"
#include "sandbox/kernel.h"
#include "sandbox/landlock.h"
#include "sandbox/sync_filter.h"

namespace jcb::sandbox {
namespace {

// What would need a mount or a namespace is refused, not left out.
const Job& check_chroot_job(const Job& job) {
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorKind::unsupported, what + ", which the isolation 'chroot' cannot make",
                "run jcbuild where it may mount (docker: --privileged, or as a user with subordinate ids and seccomp=unconfined)");
  };
  if (job.network == Network::none) refuse("a step without network needs a network namespace");
  if (job.read_only_root || job.privileged) refuse("this needs mounts of its own");
  return job;
}

util::Fd open_directory(const std::filesystem::path& path) {
  util::Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno("open", path.native());
  return fd;
}

}  // namespace

ChrootJob::ChrootJob(const Job& job)
    : m_job(check_chroot_job(job)),
      m_words(m_job),
      m_parent(kernel::open_pidfd(::getpid())),
      m_root(open_directory(m_job.root)),
      m_landlock(m_job.identity.uid == 0 ? make_landlock(m_root.get()) : util::Fd()),
      m_stand_ins(m_job) {
  if (!m_parent) throw_errno("open", "a descriptor of this process");
}

LaunchPlan ChrootJob::plan() const {
  LaunchPlan plan;
  m_words.add_to(plan);
  plan.parent = m_parent.get();
  plan.root_fd = m_root.get();
  plan.landlock = m_landlock.get();
  if (m_job.identity.uid == 0) plan.filter = sync_filter();
  plan.privileged = m_job.insecure;
  return plan;
}

}  // namespace jcb::sandbox
