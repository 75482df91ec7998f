// SPDX-License-Identifier: Apache-2.0
// What a long operation tells about itself. Tasks form a tree; every call names its task, so that parallel work can be
// shown as a live tree, as plain lines, or as JSON lines without the worker knowing which.
#pragma once

#include <cstdint>
#include <string_view>

namespace jcb {

/// Identifies a running task; 0 is "no task" (the root).
using TaskId = std::uint64_t;

/// How a task ended.
enum class TaskResult { done, cached, failed, skipped };

/// How serious a message is.
enum class MessageLevel { note, warning };

/// Receives the story of an operation. Implementations are thread-safe and never throw.
class Progress {
 public:
  virtual ~Progress() = default;
  /// A task named `name` began under `parent`. Returns its id, never 0.
  virtual TaskId begin(TaskId parent, std::string_view name) = 0;
  /// The task printed one line (raw bytes from outside: the receiver must escape it).
  virtual void line(TaskId task, std::string_view text) = 0;
  /// The task has moved `done_bytes` of `total_bytes` (0 = unknown).
  virtual void bytes(TaskId task, std::uint64_t done_bytes, std::uint64_t total_bytes) = 0;
  /// The task ended.
  virtual void end(TaskId task, TaskResult result) = 0;
  /// Something the user should read, belonging to no task in particular.
  virtual void message(MessageLevel level, std::string_view text) = 0;
  /// The terminal is somebody else's until `resume`: nothing may be written to it.
  virtual void pause() {}
  virtual void resume() {}
};

/// A Progress that drops everything; for tests and for `--progress none`.
class SilentProgress final : public Progress {
 public:
  TaskId begin(TaskId, std::string_view) override { return 1; }
  void line(TaskId, std::string_view) override {}
  void bytes(TaskId, std::uint64_t, std::uint64_t) override {}
  void end(TaskId, TaskResult) override {}
  void message(MessageLevel, std::string_view) override {}
};

/// A running task as an object: ends as `failed` unless `finish` was called, so that an exception marks it.
class Task {
 public:
  Task(Progress& progress, TaskId parent, std::string_view name) : m_progress(progress), m_id(progress.begin(parent, name)) {}
  ~Task() {
    if (!m_ended) m_progress.end(m_id, TaskResult::failed);
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  TaskId id() const noexcept { return m_id; }
  void line(std::string_view text) { m_progress.line(m_id, text); }
  void bytes(std::uint64_t done_bytes, std::uint64_t total_bytes) { m_progress.bytes(m_id, done_bytes, total_bytes); }
  void finish(TaskResult result = TaskResult::done) {
    m_progress.end(m_id, result);
    m_ended = true;
  }

 private:
  Progress& m_progress;
  TaskId m_id;
  bool m_ended = false;
};

}  // namespace jcb
