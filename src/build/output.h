// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "jcbuild/progress.h"
#include "util/fd.h"

namespace jcb::build {

/// Takes what a step prints: whole lines to the progress display, the last ones in memory, everything in a log file.
/// Memory is bounded whatever is printed: a line above 16 KiB is shown in pieces.
class StepOutput {
 public:
  /// Logs to `log_file` (created). Throws Error(system).
  StepOutput(Task& task, std::filesystem::path log_file);

  void take(std::string_view bytes);
  /// Shows an unfinished last line.
  void finish();
  /// The last lines printed, at most 20.
  std::vector<std::string> last_lines() const { return {m_last.begin(), m_last.end()}; }
  const std::filesystem::path& log_file() const noexcept { return m_log_file; }

 private:
  void show(std::string_view line);
  Task& m_task;
  std::filesystem::path m_log_file;
  util::Fd m_log;
  std::string m_partial;
  std::deque<std::string> m_last;
};

}  // namespace jcb::build
