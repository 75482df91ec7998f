// SPDX-License-Identifier: Apache-2.0
// Plain lines for logs, and JSON lines for programs.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "cli/progress_styles.h"
#include "cli/progress_tasks.h"
#include "cli/terminal.h"

namespace jcb::cli {
namespace {

// Shared by both line styles: a table of tasks under a lock.
class LineProgress : public Progress {
 public:
  TaskId begin(TaskId parent, std::string_view name) override {
    const std::lock_guard guard(m_mutex);
    const TaskId id = m_table.begin(parent, name);
    on_begin(id, *m_table.find(id));
    return id;
  }
  void line(TaskId id, std::string_view text) override {
    const std::lock_guard guard(m_mutex);
    if (const TaskState* task = m_table.find(id)) on_line(id, *task, text);
  }
  void bytes(TaskId id, std::uint64_t done_bytes, std::uint64_t total_bytes) override {
    const std::lock_guard guard(m_mutex);
    TaskState* task = m_table.find(id);
    if (task == nullptr) return;
    task->done_bytes = done_bytes;
    task->total_bytes = total_bytes;
    const auto now = std::chrono::steady_clock::now();
    if (now - task->reported < std::chrono::seconds(2)) return;
    task->reported = now;
    on_bytes(id, *task);
  }
  void end(TaskId id, TaskResult result) override {
    const std::lock_guard guard(m_mutex);
    if (const TaskState* task = m_table.find(id)) on_end(id, *task, result);
    m_table.end(id);
  }

 protected:
  virtual void on_begin(TaskId id, const TaskState& task) = 0;
  virtual void on_line(TaskId id, const TaskState& task, std::string_view text) = 0;
  virtual void on_bytes(TaskId id, const TaskState& task) = 0;
  virtual void on_end(TaskId id, const TaskState& task, TaskResult result) = 0;

  std::mutex m_mutex;

 private:
  TaskTable m_table;
};

class PlainProgress final : public LineProgress {
 public:
  void message(MessageLevel level, std::string_view text) override {
    const std::lock_guard guard(m_mutex);
    print_story(std::string(level == MessageLevel::warning ? "warning: " : "note: ") + escape(text) + "\n");
  }

 protected:
  void on_begin(TaskId id, const TaskState& task) override { say(id, task.name); }
  void on_line(TaskId id, const TaskState&, std::string_view text) override { say(id, "| " + escape(text)); }
  void on_bytes(TaskId id, const TaskState& task) override { say(id, describe_bytes(task)); }
  void on_end(TaskId id, const TaskState& task, TaskResult result) override {
    say(id, std::string(result_name(result)) + " " + task.name + (result == TaskResult::cached ? "" : " " + human_seconds(task.seconds())));
  }

 private:
  static void say(TaskId id, const std::string& text) { print_story("#" + std::to_string(id) + " " + text + "\n"); }
};

class JsonProgress final : public LineProgress {
 public:
  void message(MessageLevel level, std::string_view text) override {
    const std::lock_guard guard(m_mutex);
    print_story("{\"event\":\"message\",\"level\":" + json_string(level == MessageLevel::warning ? "warning" : "note") +
                ",\"text\":" + json_string(text) + "}\n");
  }

 protected:
  void on_begin(TaskId id, const TaskState& task) override {
    say("begin", id, ",\"parent\":" + std::to_string(task.parent) + ",\"name\":" + json_string(task.raw_name));
  }
  void on_line(TaskId id, const TaskState&, std::string_view text) override { say("line", id, ",\"text\":" + json_string(text)); }
  void on_bytes(TaskId id, const TaskState& task) override {
    say("bytes", id, ",\"done\":" + std::to_string(task.done_bytes) + ",\"total\":" + std::to_string(task.total_bytes));
  }
  void on_end(TaskId id, const TaskState& task, TaskResult result) override {
    std::array<char, 32> elapsed{};
    std::snprintf(elapsed.data(), elapsed.size(), "%.3f", task.seconds());
    say("end", id, ",\"result\":" + json_string(result_name(result)) + ",\"seconds\":" + elapsed.data());
  }

 private:
  static void say(const char* event, TaskId id, const std::string& rest) {
    print_story(std::string("{\"event\":\"") + event + "\",\"task\":" + std::to_string(id) + rest + "}\n");
  }
};

// A terminal that cannot move its cursor, such as that of an editor.
bool is_dumb_terminal() {
  const char* name = std::getenv("TERM");
  return name == nullptr || std::string_view(name) == "dumb";
}

}  // namespace

std::unique_ptr<Progress> make_plain_progress() { return std::make_unique<PlainProgress>(); }
std::unique_ptr<Progress> make_json_progress() { return std::make_unique<JsonProgress>(); }

std::unique_ptr<Progress> make_progress(ProgressStyle style, ColorChoice color) {
  if (style == ProgressStyle::automatic) style = is_terminal(2) && !is_dumb_terminal() ? ProgressStyle::tty : ProgressStyle::plain;
  switch (style) {
    case ProgressStyle::tty:
      return make_tty_progress(use_color(color, 2));
    case ProgressStyle::json:
      return make_json_progress();
    case ProgressStyle::none:
      return std::make_unique<SilentProgress>();
    default:
      return make_plain_progress();
  }
}

}  // namespace jcb::cli
