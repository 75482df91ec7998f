// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "jcbuild/session.h"

namespace jcb {

struct ServeRequest {
  /// ADDRESS:PORT with a numeric address (IPv6 in brackets); port 0: the kernel chooses. There is no authentication:
  /// whoever reaches it can pull every image.
  std::string listen = "127.0.0.1:5000";
};

/// Serves the images of the store as a read-only registry (OCI distribution-spec, "pull" and "content discovery") until an
/// interrupt arrives, which is not thrown here: it is how serving ends. Tags set meanwhile are seen; others may build and
/// prune. `on_ready` gets "http://ADDRESS:PORT" with the real port once requests are answered. Throws Error(usage) for an
/// address that is none, Error(refused) when the port is taken.
void serve_store(Session& session, const ServeRequest& request, const std::function<void(const std::string& url)>& on_ready);

}  // namespace jcb
