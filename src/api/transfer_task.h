// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "jcbuild/progress.h"
#include "util/interrupt.h"

namespace jcb::api {

/// A transfer as one task, which an interrupt ends.
class Transfer {
 public:
  Transfer(Progress& progress, const std::string& name) : m_task(progress, 0, name) {}
  /// What is told bytes done and their total; throws Interrupted. Valid as long as this object.
  std::function<void(std::uint64_t, std::uint64_t)> counter() {
    return [this](std::uint64_t done, std::uint64_t total) {
      util::check_interrupt();
      m_task.bytes(done, total);
    };
  }
  TaskId id() const noexcept { return m_task.id(); }
  void finish() { m_task.finish(); }

 private:
  Task m_task;
};

}  // namespace jcb::api
