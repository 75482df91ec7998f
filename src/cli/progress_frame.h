// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/progress_tasks.h"

namespace jcb::cli {

/// The part of a terminal that the live tree may use.
struct FrameSize {
  std::size_t columns, lines;
};

/// One line of the live tree: escaped text that fits, and whether it is the detail of the line above.
struct FrameLine {
  std::string text;
  bool is_detail = false;

  bool operator==(const FrameLine&) const = default;
};

/// Draws the running tasks: a line each, with its elapsed time, and below it its last output or its transfer. Where there
/// are too few lines, the details go first, then the tasks at the end, which are counted.
std::vector<FrameLine> draw_frame(const TaskTable& table, FrameSize size);

/// The line that stays of a task that has ended, in at most `columns`.
std::string finished_line(const TaskState& task, TaskResult result, std::size_t depth, std::size_t columns);

}  // namespace jcb::cli
