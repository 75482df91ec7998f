// SPDX-License-Identifier: Apache-2.0
// A descriptor sent through a Unix socket (unix(7), SCM_RIGHTS).
#pragma once

#include <optional>
#include <string_view>

#include "util/fd.h"

namespace jcb::util {

/// Sends one; async-signal-safe. False with errno on failure.
bool send_descriptor(int socket, int fd) noexcept;
/// Receives one, close-on-exec; what was sent beside it is dropped. Nothing when the other end was closed or sent none.
/// Throws Error(system) naming `thing`.
std::optional<Fd> receive_descriptor(int socket, std::string_view thing);

}  // namespace jcb::util
