// SPDX-License-Identifier: Apache-2.0
// Making a file in the name of a process that believes to be another user, so that it belongs to him.
#pragma once

#include "sandbox/listener.h"
#include "sandbox/trapped_calls.h"
#include "sandbox/waiting_thread.h"
#include "util/owner_records.h"

#include <linux/types.h>

#include <string>

namespace jcb::sandbox {

/// One call of open (O_CREAT), mkdir or symlink and their like.
class FileMaker {
 public:
  FileMaker(pid_t thread, Call call, const __u64* arguments);

  /// Reads what is asked for and opens the directory. False where the kernel should answer: an error, or nothing to make.
  bool prepare();

  struct Made {
    Answer answer;
    util::Fd descriptor;  ///< instead of the answer: for the thread to have
    bool close_on_exec = false;
  };
  /// Makes it, for `owner`. A file that exists is left to the kernel.
  Made make(util::FileOwner owner, util::OwnerRecords& records);

 private:
  Made make_regular(util::FileOwner owner, util::OwnerRecords& records);
  Made record(util::FileOwner owner, util::OwnerRecords& records) const;

  WaitingThread m_thread;
  Call m_call;
  int m_directory;
  std::uint64_t m_path_address = 0;
  std::uint64_t m_target_address = 0;
  int m_flags = 0;
  mode_t m_mode = 0;
  util::Fd m_parent;
  std::string m_name;
  std::string m_target;
};

}  // namespace jcb::sandbox
