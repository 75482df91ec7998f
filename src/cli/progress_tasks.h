// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "jcbuild/progress.h"

namespace jcb::cli {

/// What a display remembers of a running task.
struct TaskState {
  TaskId parent = 0;
  std::string raw_name;  ///< as it was given
  std::string name;      ///< escaped
  std::chrono::steady_clock::time_point started;
  std::chrono::steady_clock::time_point reported;  ///< when a display last told of its bytes
  std::string last_line;                           ///< escaped
  std::uint64_t done_bytes = 0, total_bytes = 0;

  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count(); }
};

/// A running task and how many running tasks stand above it.
struct TaskRow {
  const TaskState* task;
  std::size_t depth;
};

/// The running tasks, by id (ids grow, so this is their order of beginning). Not thread-safe: displays lock around it.
class TaskTable {
 public:
  TaskId begin(TaskId parent, std::string_view name);
  TaskState* find(TaskId id);
  void end(TaskId id) { m_tasks.erase(id); }
  const std::map<TaskId, TaskState>& tasks() const noexcept { return m_tasks; }
  /// How many running tasks stand above this one.
  std::size_t depth(TaskId id) const;
  /// All running tasks, each with what runs below it right behind it. Valid until the table changes.
  std::vector<TaskRow> tree() const;

 private:
  TaskId m_last = 0;
  std::map<TaskId, TaskState> m_tasks;
};

/// "done", "cached", "failed", "skipped".
std::string_view result_name(TaskResult result) noexcept;
/// "120.0 MB of 1.2 GB, 34.0 MB/s, 32.0s left", or less where less is known; empty before the first byte.
std::string describe_bytes(const TaskState& task);

}  // namespace jcb::cli
