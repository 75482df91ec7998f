// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "jcbuild/progress.h"

namespace jcb::store {

/// What all blobs of a pull have brought, told to the task above them. Thread-safe.
class PullProgress {
 public:
  /// Both are borrowed. `task` 0: nobody is told.
  PullProgress(Progress& progress, TaskId task) : m_progress(progress), m_task(task) {}

  /// How much there is; before the first `report`.
  void expect(std::uint64_t total_bytes) { m_total = total_bytes; }
  /// How far one blob has come; less than before when it begins anew.
  void report(const std::string& blob, std::uint64_t done_bytes) {
    if (m_task == 0) return;
    const std::lock_guard guard(m_mutex);
    std::uint64_t& last = m_blobs[blob];
    m_done = m_done - last + done_bytes;
    last = done_bytes;
    m_progress.bytes(m_task, m_done, m_total);
  }

 private:
  Progress& m_progress;
  TaskId m_task;
  std::mutex m_mutex;
  std::map<std::string, std::uint64_t> m_blobs;
  std::uint64_t m_done = 0, m_total = 0;
};

}  // namespace jcb::store
