// SPDX-License-Identifier: Apache-2.0
// What becomes of each trapped call.
#pragma once

#include "sandbox/emulated_processes.h"
#include "sandbox/listener.h"
#include "sandbox/trapped_calls.h"
#include "util/owner_records.h"

#include <string>
#include <vector>

namespace jcb::sandbox {

class WaitingThread;

/// Answers the calls of one job. Owners and devices go to `records`; ids are kept here. Not for several threads at once.
class CallHandler {
 public:
  CallHandler(Credentials first, util::OwnerRecords& records) : m_processes(std::move(first)), m_records(records) {}

  /// The answer to a call that `listener` received. Nothing is done for a thread that no longer waits.
  Answer handle(const seccomp_notif& request, const Listener& listener);

 private:
  // A call on its way.
  struct Request {
    pid_t thread = 0;
    TrappedCall call;
    const __u64* arguments = nullptr;
    std::uint64_t id = 0;
    const Listener& listener;
    bool is_waiting() const noexcept { return listener.is_waiting(id); }
  };

  Answer change_owner(const Request& request);
  Answer change_owner_of(const Request& request, const util::Fd& file, std::size_t first_id);
  bool may_change_owner(const Request& request, std::uint32_t uid, std::uint32_t gid);
  Answer tell_status(const Request& request);
  Answer make_node(const Request& request);
  Answer make_placeholder(const Request& request, const WaitingThread& thread, const std::string& path, int directory,
                          std::size_t first_argument);
  Answer make_file(const Request& request);
  Answer set_ids(const Request& request);
  Answer set_groups(const Request& request);
  Answer tell_id(const Request& request);
  Answer tell_ids(const Request& request, const IdSet& ids);
  Answer tell_groups(const Request& request);

  EmulatedProcesses m_processes;
  util::OwnerRecords& m_records;
};

}  // namespace jcb::sandbox
