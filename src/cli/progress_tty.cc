// SPDX-License-Identifier: Apache-2.0
// The live tree: finished tasks become lines that stay, running ones are drawn below and redrawn at most ten times a
// second. Each running task has a line with its elapsed time and, dimmed, its last output or its transfer.
// Frames are erased by moving the cursor up as many lines as were drawn, so nothing else may write to standard error
// in between: messages go through here.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "cli/progress_styles.h"
#include "cli/progress_tasks.h"
#include "cli/terminal.h"

namespace jcb::cli {
namespace {

constexpr std::chrono::milliseconds k_frame{100};
constexpr std::size_t k_most_lines = 16;

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
    erase();
    flush();
  }

  TaskId begin(TaskId parent, std::string_view name) override {
    const std::lock_guard guard(m_mutex);
    // Not earlier: a process that is to enter a user namespace may have one thread only.
    if (!m_painter.joinable()) m_painter = std::thread([this] { paint(); });
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
    // Steps below packages pass by; what stays on the screen are the first two levels, and failures.
    if (m_table.depth(id) <= 1 || result == TaskResult::failed) keep(finished_line(*task, result, m_table.depth(id)));
    m_table.end(id);
  }

  void message(MessageLevel level, std::string_view text) override {
    const std::lock_guard guard(m_mutex);
    keep((level == MessageLevel::warning ? paint_text("33", "warning: ") : std::string("note: ")) + escape(text));
  }

 private:
  std::string paint_text(const char* code, const std::string& text) const {
    return m_color ? "\x1b[" + std::string(code) + "m" + text + "\x1b[0m" : text;
  }

  std::string finished_line(const TaskState& task, TaskResult result, std::size_t depth) const {
    const std::string indent(depth * 2, ' ');
    const std::string name = cut(task.name, terminal_width(2) - std::min<std::size_t>(terminal_width(2), indent.size() + 14));
    if (result == TaskResult::cached) return indent + paint_text("32", "✓ ") + name + paint_text("2", "  cached");
    if (result == TaskResult::failed) return indent + paint_text("31", "✗ ") + name + "  " + human_seconds(task.seconds());
    return indent + paint_text("32", "✓ ") + name + "  " + human_seconds(task.seconds());
  }

  // Prints a line above the live part.
  void keep(const std::string& text) {
    erase();
    m_out += text + "\x1b[K\n";
    draw();
    flush();
  }

  void erase() {
    if (m_drawn > 0) m_out += "\x1b[" + std::to_string(m_drawn) + "A\r\x1b[J";
    m_drawn = 0;
  }

  void draw_line(const std::string& text) {
    m_out += text + "\x1b[K\n";
    ++m_drawn;
  }

  void draw() {
    const std::size_t width = terminal_width(2);
    for (const auto& [id, task] : m_table.tasks()) {
      if (m_drawn >= k_most_lines) break;
      const std::string indent(m_table.depth(id) * 2, ' '), elapsed = human_seconds(task.seconds());
      const std::size_t room = width > indent.size() + elapsed.size() + 6 ? width - indent.size() - elapsed.size() - 6 : 8;
      draw_line(indent + "• " + cut(task.name, room) + "  " + elapsed);
      const std::string detail = task.done_bytes > 0 ? describe_bytes(task) : task.last_line;
      if (!detail.empty() && m_drawn < k_most_lines)
        draw_line(indent + "    " + paint_text("2", cut(detail, width > indent.size() + 6 ? width - indent.size() - 6 : 8)));
    }
  }

  void flush() {
    print_story(m_out);
    m_out.clear();
  }

  void paint() {
    std::unique_lock guard(m_mutex);
    while (!m_stopping) {
      erase();
      draw();
      flush();
      m_wake.wait_for(guard, k_frame);
    }
  }

  bool m_color;
  std::mutex m_mutex;
  std::condition_variable m_wake;
  std::thread m_painter;
  bool m_stopping = false;
  TaskTable m_table;
  std::string m_out;
  std::size_t m_drawn = 0;
};

}  // namespace

std::unique_ptr<Progress> make_tty_progress(bool color) { return std::make_unique<TtyProgress>(color); }

}  // namespace jcb::cli
