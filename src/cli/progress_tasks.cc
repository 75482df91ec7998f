// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_tasks.h"

#include "cli/terminal.h"

namespace jcb::cli {

TaskId TaskTable::begin(TaskId parent, std::string_view name) {
  TaskState task;
  task.parent = parent;
  task.name = escape(name);
  task.started = std::chrono::steady_clock::now();
  m_tasks.emplace(++m_last, std::move(task));
  return m_last;
}

TaskState* TaskTable::find(TaskId id) {
  const auto found = m_tasks.find(id);
  return found == m_tasks.end() ? nullptr : &found->second;
}

std::size_t TaskTable::depth(TaskId id) const {
  std::size_t depth = 0;
  for (auto task = m_tasks.find(id); task != m_tasks.end() && task->second.parent != 0; task = m_tasks.find(task->second.parent)) ++depth;
  return depth;
}

std::string_view result_name(TaskResult result) noexcept {
  switch (result) {
    case TaskResult::done:
      return "done";
    case TaskResult::cached:
      return "cached";
    case TaskResult::failed:
      return "failed";
    case TaskResult::skipped:
      return "skipped";
  }
  return "";
}

std::string describe_bytes(const TaskState& task) {
  if (task.done_bytes == 0) return {};
  std::string text = human_bytes(task.done_bytes);
  if (task.total_bytes > 0) text += " of " + human_bytes(task.total_bytes);
  const double seconds = task.seconds();
  if (seconds < 0.5) return text;
  const double rate = static_cast<double>(task.done_bytes) / seconds;
  text += ", " + human_bytes(static_cast<unsigned long long>(rate)) + "/s";
  if (task.total_bytes > task.done_bytes && rate > 0)
    text += ", " + human_seconds(static_cast<double>(task.total_bytes - task.done_bytes) / rate) + " left";
  return text;
}

}  // namespace jcb::cli
