// SPDX-License-Identifier: Apache-2.0
// The thread that answers the trapped calls of one job, where a user has a single id. It lives from the start of the job
// to its end; calls of a job whose supervisor is gone fail with ENOSYS.
#pragma once

#include "sandbox/call_handler.h"
#include "sandbox/sandbox.h"
#include "util/fd.h"

#include <exception>
#include <thread>

namespace jcb::sandbox {

class Supervisor {
 public:
  /// Waits on `socket` for the job's listener. `identity` is whom the job's processes believe to be. Throws Error(system).
  Supervisor(util::Fd socket, const Identity& identity, util::OwnerRecords& records);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// Ends the thread, to be called when the job is over. Throws what went wrong in it.
  void finish();

 private:
  void stop() noexcept;
  void run() noexcept;
  void answer_calls();
  void answer_one(Listener& listener);
  bool wait_for(int fd) const;

  util::Fd m_socket;
  util::Pipe m_stop;
  CallHandler m_handler;
  std::exception_ptr m_failure;
  std::thread m_thread;
};

}  // namespace jcb::sandbox
