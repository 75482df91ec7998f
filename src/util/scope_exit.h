// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

namespace jcb::util {

/// Runs a function when the scope ends, however it ends. The function must not throw.
template <typename Function>
class ScopeExit {
 public:
  explicit ScopeExit(Function function) : m_function(std::move(function)) {}
  ~ScopeExit() {
    if (m_armed) m_function();
  }
  ScopeExit(const ScopeExit&) = delete;
  ScopeExit& operator=(const ScopeExit&) = delete;
  /// The function will not run: what it would undo is to stay.
  void dismiss() noexcept { m_armed = false; }

 private:
  Function m_function;
  bool m_armed = true;
};

}  // namespace jcb::util
