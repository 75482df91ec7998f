// SPDX-License-Identifier: Apache-2.0
// The live tree: finished tasks become lines that stay, running ones are drawn below and redrawn at most ten times a
// second. A frame is drawn over the one before it in one write, line by line, so that nothing flickers; this moves the
// cursor up as many rows as that one took, so nothing else may write to standard error in between: messages go through
// here. Wrapping is off while a frame is drawn: a line that is wider than we think would break the count of rows.
#include <signal.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "cli/progress_frame.h"
#include "cli/progress_styles.h"
#include "cli/terminal.h"

namespace jcb::cli {
namespace {

constexpr std::chrono::milliseconds k_frame{100};
constexpr std::size_t k_most_lines = 16;

// Signals are for the thread that waits for them: one that ends in the painter would not end that wait.
std::thread start_without_signals(std::function<void()> body) {
  sigset_t all{}, before{};
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  std::thread thread(std::move(body));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

FrameSize frame_size() {
  const std::size_t columns = terminal_width(2), rows = terminal_height(2);
  // The last column stays free: some terminals wrap as soon as it is written. So does the row of the cursor.
  return {columns > 1 ? columns - 1 : 1, std::min(k_most_lines, rows > 2 ? rows - 2 : 1)};
}

class TtyProgress final : public Progress {
 public:
  explicit TtyProgress(bool color) : m_color(color) {}

  ~TtyProgress() override {
    {
      const std::lock_guard guard(m_mutex);
      m_stopping = true;
    }
    m_wake.notify_all();
    if (m_painter.joinable()) m_painter.join();
    redraw({}, {});
  }

  TaskId begin(TaskId parent, std::string_view name) override {
    const std::lock_guard guard(m_mutex);
    // Not earlier: a process that is to enter a user namespace may have one thread only.
    if (!m_painter.joinable()) m_painter = start_without_signals([this] { paint(); });
    return m_table.begin(parent, name);
  }

  void line(TaskId id, std::string_view text) override {
    const std::lock_guard guard(m_mutex);
    if (TaskState* task = m_table.find(id); task != nullptr && !text.empty()) task->last_line = escape(text);
  }

  void bytes(TaskId id, std::uint64_t done_bytes, std::uint64_t total_bytes) override {
    const std::lock_guard guard(m_mutex);
    if (TaskState* task = m_table.find(id)) task->done_bytes = done_bytes, task->total_bytes = total_bytes;
  }

  void end(TaskId id, TaskResult result) override {
    const std::lock_guard guard(m_mutex);
    const TaskState* task = m_table.find(id);
    if (task == nullptr) return;
    const std::size_t depth = m_table.depth(id), columns = frame_size().columns;
    const char* color = result == TaskResult::failed ? "31" : result == TaskResult::done ? "32" : "2";
    const std::string text = paint_text(color, finished_line(*task, result, depth, columns));
    m_table.end(id);
    // Steps below packages pass by; what stays on the screen are the first two levels, and failures.
    if (depth <= 1 || result == TaskResult::failed) redraw(text, draw_frame(m_table, frame_size()));
  }

  void message(MessageLevel level, std::string_view text) override {
    const std::lock_guard guard(m_mutex);
    const std::string start = level == MessageLevel::warning ? paint_text("33", "warning: ") : std::string("note: ");
    redraw(start + escape(text), draw_frame(m_table, frame_size()));
  }

  void pause() override {
    const std::lock_guard guard(m_mutex);
    redraw({}, {});
    m_paused = true;
  }

  void resume() override {
    const std::lock_guard guard(m_mutex);
    m_paused = false;
  }

 private:
  std::string paint_text(const char* code, const std::string& text) const {
    return m_color ? "\x1b[" + std::string(code) + "m" + text + "\x1b[0m" : text;
  }

  // The rows of the last frame, which a terminal that has become narrower since may have wrapped.
  std::size_t drawn_rows() const {
    const std::size_t width = terminal_width(2);
    std::size_t rows = 0;
    for (const std::size_t columns : m_drawn) rows += std::max<std::size_t>((columns + width - 1) / width, 1);
    return rows;
  }

  // Replaces the last frame by a line that stays (none when empty) and a new frame.
  void redraw(const std::string& stays, const std::vector<FrameLine>& frame) {
    if (m_paused || (stays.empty() && frame.empty() && m_drawn.empty())) return;
    std::string out;
    if (const std::size_t rows = drawn_rows(); rows > 0) out += "\r\x1b[" + std::to_string(rows) + "A";
    if (!stays.empty()) out += stays + "\x1b[K\n";
    m_drawn.clear();
    out += "\x1b[?7l";
    for (const auto& line : frame) {
      out += (line.is_detail ? paint_text("2", line.text) : line.text) + "\x1b[K\n";
      m_drawn.push_back(display_width(line.text));
    }
    print_story(out + "\x1b[J\x1b[?7h");
  }

  void paint() {
    std::unique_lock guard(m_mutex);
    while (!m_stopping) {
      redraw({}, draw_frame(m_table, frame_size()));
      m_wake.wait_for(guard, k_frame);
    }
  }

  bool m_color;
  std::mutex m_mutex;
  std::condition_variable m_wake;
  std::thread m_painter;
  bool m_stopping = false;
  bool m_paused = false;
  TaskTable m_table;
  std::vector<std::size_t> m_drawn;  // the columns of each line of the last frame
};

}  // namespace

std::unique_ptr<Progress> make_tty_progress(bool color) { return std::make_unique<TtyProgress>(color); }

}  // namespace jcb::cli
