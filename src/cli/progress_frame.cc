// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_frame.h"

#include <algorithm>

#include "cli/terminal.h"

namespace jcb::cli {
namespace {

// Deep trees on narrow terminals would be all indent.
std::string indent_of(std::size_t depth, std::size_t columns) { return std::string(std::min(depth * 2, columns / 4), ' '); }

// "INDENT MARK NAME  TIME", the name cut so that the time is seen.
std::string task_line(const std::string& start, const std::string& name, const std::string& end, std::size_t columns) {
  const std::size_t taken = display_width(start) + display_width(end) + 2;
  return cut(start + cut(name, columns > taken + 4 ? columns - taken : 4) + (end.empty() ? "" : "  " + end), columns);
}

std::string detail_of(const TaskState& task) {
  // A transfer that is complete has nothing more to tell; what the task prints afterwards has.
  const bool transferring = task.done_bytes > 0 && (task.total_bytes == 0 || task.done_bytes < task.total_bytes);
  return transferring || task.last_line.empty() ? describe_bytes(task) : task.last_line;
}

void shorten(std::vector<FrameLine>& lines, std::size_t most) {
  if (lines.size() > most) std::erase_if(lines, [](const FrameLine& line) { return line.is_detail; });
  if (lines.size() <= most) return;
  const std::size_t kept = most > 0 ? most - 1 : 0, hidden = lines.size() - kept;
  lines.resize(kept);
  if (most > 0) lines.push_back({"… and " + std::to_string(hidden) + " more"});
}

}  // namespace

std::vector<FrameLine> draw_frame(const TaskTable& table, FrameSize size) {
  std::vector<FrameLine> lines;
  for (const auto& [task, depth] : table.tree()) {
    const std::string indent = indent_of(depth, size.columns);
    lines.push_back({task_line(indent + "• ", task->name, human_seconds(task->seconds()), size.columns)});
    const std::string detail = detail_of(*task);
    if (!detail.empty()) lines.push_back({cut(indent + "    " + detail, size.columns), true});
  }
  shorten(lines, size.lines);
  return lines;
}

std::string finished_line(const TaskState& task, TaskResult result, std::size_t depth, std::size_t columns) {
  const std::string mark = result == TaskResult::failed ? "✗ " : result == TaskResult::skipped ? "- " : "✓ ";
  const std::string end =
      result == TaskResult::cached || result == TaskResult::skipped ? std::string(result_name(result)) : human_seconds(task.seconds());
  return task_line(indent_of(depth, columns) + mark, task.name, end, columns);
}

}  // namespace jcb::cli
