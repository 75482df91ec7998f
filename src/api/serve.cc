// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/serve.h"

#include <poll.h>

#include <cerrno>

#include "api/parts.h"
#include "api/remote_image.h"
#include "oci/server/http_daemon.h"
#include "oci/server/registry_server.h"
#include "store/origin_fetch.h"
#include "store/origins.h"
#include "util/interrupt.h"

namespace jcb {
namespace {

constexpr int k_look_ms = 1000;

bool is_interrupted() {
  try {
    util::check_interrupt();
    return false;
  } catch (const Interrupted&) {
    return true;
  }
}

// A layer that was pulled without its blob comes from where it came from once more, and stays.
std::optional<util::Fd> fetch_missing(Session::Parts& parts, const oci::Descriptor& blob) {
  if (store::find_origins(parts.store(), blob.digest).empty()) return std::nullopt;
  const auto& layout = parts.store().layout();
  const auto sharing = parts.store().share();
  store::fetch_from_origins(parts.store(), layout, {blob}, api::push_options(parts, 0));
  return layout.open_blob(blob);
}

void serve_until_interrupted(oci::HttpDaemon& daemon) {
  while (!is_interrupted()) {
    pollfd waiting{util::interrupt_fd(), POLLIN, 0};
    if (::poll(&waiting, 1, k_look_ms) < 0 && errno != EINTR) throw_errno("wait for", "an interrupt");
    daemon.drop_slow_clients();
  }
}

}  // namespace

void serve_store(Session& session, const ServeRequest& request, const std::function<void(const std::string& url)>& on_ready) {
  auto listener = oci::open_listener(request.listen);
  auto& parts = session.parts();
  Progress& progress = parts.progress();
  const std::string url = listener.url;
  const bool is_open = !listener.is_loopback;
  oci::RegistryServerOptions options;
  options.find_missing = [&parts](const oci::Descriptor& blob) { return fetch_missing(parts, blob); };
  options.on_failure = [&progress](const std::string& cause) { progress.message(MessageLevel::warning, cause); };
  oci::RegistryServer server(parts.store().layout(), std::move(options));
  oci::HttpDaemon daemon(std::move(listener), [&server](const oci::ServerRequest& asked) { return server.answer(asked); });
  if (is_open) progress.message(MessageLevel::note, "everyone who reaches " + url + " can pull every image of the store");
  on_ready(url);
  serve_until_interrupted(daemon);
}

}  // namespace jcb
