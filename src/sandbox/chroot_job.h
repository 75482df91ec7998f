// SPDX-License-Identifier: Apache-2.0
// Jobs of tier chroot: for root in a container that may neither mount nor make namespaces. The command sees the root file
// system through chroot(2) and nothing else through paths, but it shares processes, network, ipc and host name with us.
//
// What this is not: a wall against a hostile command. Root with CAP_SYS_CHROOT leaves a chroot by a second one, and it can
// signal and trace what else runs in the container; the wall is the container around all of us. Where the kernel has
// Landlock a step of root is confined by it (landlock.h): no path outside of the root, no tracing of us and, since Linux
// 6.12, no signal to us. That needs no_new_privs, as the filter that makes fsync(2) free does: set-user-id programs do
// nothing for somebody who is root already; steps of other users, for whom they may do something, are kept from our store
// by its mode and go without.
#pragma once

#include <string>
#include <vector>

#include "sandbox/job_check.h"
#include "sandbox/launch.h"
#include "sandbox/stand_ins.h"

namespace jcb::sandbox {

/// A job made ready to launch: everything that it sees is in its root. Undone when the object goes.
class ChrootJob {
 public:
  /// Throws Error(invalid, refused, system) naming what is wrong, Error(unsupported) for what takes a namespace.
  explicit ChrootJob(const Job& job);
  ChrootJob(const ChrootJob&) = delete;
  ChrootJob& operator=(const ChrootJob&) = delete;

  /// The plan for the child; `output` and `report` are the caller's to fill in. Points into this object.
  LaunchPlan plan() const;
  /// Puts the root file system back as it was but for what the command did. To be called when no process of it is left.
  void finish() { m_stand_ins.undo(); }

 private:
  const Job m_job;
  CommandWords m_words;
  util::Fd m_parent;
  util::Fd m_root;
  util::Fd m_landlock;
  StandIns m_stand_ins;
};

}  // namespace jcb::sandbox
