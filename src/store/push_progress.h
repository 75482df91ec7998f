// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <vector>

#include "jcbuild/progress.h"
#include "store/push_plan.h"

namespace jcb::store {

/// The story of one push: a task for the whole, and one for each blob below it. Thread-safe.
class PushProgress {
 public:
  PushProgress(Progress& progress, TaskId parent, std::string_view name, const PushPlan& plan);

  /// One blob's part of it; ends as failed unless `finish` was called.
  class Blob {
   public:
    Blob(PushProgress& whole, std::size_t number);
    void line(std::string_view text) { m_task.line(text); }
    /// `done_bytes` of it are there; may be less than before, when the blob has to be sent again.
    void bytes(std::uint64_t done_bytes);
    void finish(TaskResult result);

   private:
    PushProgress& m_whole;
    const oci::Descriptor& m_blob;
    Task m_task;
    std::uint64_t m_done = 0;
  };

  void finish() { m_task.finish(); }

 private:
  void move(std::uint64_t from, std::uint64_t to);

  Progress& m_progress;
  const PushPlan& m_plan;
  Task m_task;
  std::mutex m_mutex;
  std::uint64_t m_done = 0;
  const std::uint64_t m_total;
};

}  // namespace jcb::store
