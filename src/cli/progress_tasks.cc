// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_tasks.h"

#include "cli/terminal.h"

namespace jcb::cli {

TaskId TaskTable::begin(TaskId parent, std::string_view name) {
  TaskState task;
  task.parent = parent;
  task.raw_name = name;
  task.name = escape(name);
  task.started = task.reported = std::chrono::steady_clock::now();
  m_tasks.emplace(++m_last, std::move(task));
  return m_last;
}

TaskState* TaskTable::find(TaskId id) {
  const auto found = m_tasks.find(id);
  return found == m_tasks.end() ? nullptr : &found->second;
}

std::size_t TaskTable::depth(TaskId id) const {
  std::size_t depth = 0;
  for (auto task = m_tasks.find(id); task != m_tasks.end() && m_tasks.contains(task->second.parent); ++depth)
    task = m_tasks.find(task->second.parent);
  return depth;
}

std::vector<TaskRow> TaskTable::tree() const {
  std::map<TaskId, std::vector<TaskId>> below;
  // A task whose parent has ended stands at the top.
  for (const auto& [id, task] : m_tasks) below[m_tasks.contains(task.parent) ? task.parent : 0].push_back(id);
  std::vector<TaskRow> rows;
  std::vector<std::pair<TaskId, std::size_t>> pending{{0, 0}};
  while (!pending.empty()) {
    const auto [id, depth] = pending.back();
    pending.pop_back();
    if (id != 0) rows.push_back({&m_tasks.at(id), depth - 1});
    const auto& children = below[id];
    for (auto child = children.rbegin(); child != children.rend(); ++child) pending.emplace_back(*child, depth + 1);
  }
  return rows;
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
