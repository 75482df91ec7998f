// SPDX-License-Identifier: Apache-2.0
// SIGINT, SIGTERM and SIGHUP as something that waits can see. The handler only records the signal and writes one byte
// to a pipe; every blocking wait polls `interrupt_fd()` beside its own descriptors and then calls `check_interrupt()`.
#pragma once

namespace jcb::util {

/// Installs the handlers (without SA_RESTART) and ignores SIGPIPE. Call once, in main, before any thread.
void install_interrupt_handlers();

/// Readable once an interrupt has arrived, and ever after; -1 before install_interrupt_handlers.
int interrupt_fd() noexcept;

/// Throws Interrupted when an interrupt has arrived.
void check_interrupt();

}  // namespace jcb::util
