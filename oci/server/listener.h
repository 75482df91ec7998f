// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "util/fd.h"

namespace jcb::oci {

/// A listening TCP socket.
struct Listener {
  util::Fd socket;
  std::string url;           ///< "http://127.0.0.1:5000", with the port that it really has
  bool is_loopback = false;  ///< only this machine reaches it
};

/// Listens at `ADDRESS:PORT`: a numeric address (IPv6 in brackets, `[::]` for IPv4 as well) or "localhost"; with port 0
/// the kernel chooses one. Throws Error(usage) for anything else, Error(refused) when the port is taken.
Listener open_listener(std::string_view text);

}  // namespace jcb::oci
