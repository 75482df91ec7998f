// SPDX-License-Identifier: Apache-2.0
// What a Session consists of. The one place where real parts are wired together.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "build/base_image.h"
#include "build/commit.h"
#include "jcbuild/session.h"
#include "oci/layer/layer.h"
#include "oci/layout.h"
#include "oci/registry/curl_http.h"
#include "oci/registry/registries.h"
#include "packages/catalog.h"
#include "platform/target.h"
#include "sandbox/isolation.h"
#include "store/store.h"

namespace jcb {

struct Session::Parts {
  explicit Parts(SessionOptions given);

  SessionOptions options;
  SilentProgress silence;

  Progress& progress() { return options.progress != nullptr ? *options.progress : silence; }
  std::optional<std::string> find_variable(const std::string& name) const;
  /// The open store (made when missing).
  const store::Store& store();
  /// The trees of packages, each checked to exist by Catalog::load.
  std::vector<std::filesystem::path> package_trees() const;
  platform::Target target(const TargetOptions& given) const;
  packages::Catalog catalog(const platform::Target& target);
  /// What the caller chose. Throws Error(usage) for a name that is none.
  sandbox::IsolationChoice isolation_choice() const;
  /// Enters the namespaces and opens the store anew inside them. Before any task begins: a display may start a thread
  /// then, and only a process with one thread can enter a user namespace. References to the store stay good.
  void enter_namespaces();
  /// The same, for whoever writes to the store: clears away what dead processes left and keeps prune waiting.
  void isolate();
  /// Which xattrs mark opaque directories in this store: root's overlays use trusted.*, rootless ones user.*.
  oci::OverlayXattr overlay_xattr() const;
  build::CommitOptions commit_options(const std::string& compression) const;
  /// Proxy variables of the caller, both spellings, for RUN.
  std::map<std::string, std::string> proxy_environment() const;
  /// The session's HTTP client, over the caller's proxies.
  oci::HttpClient& http();
  /// The caller's proxies.
  oci::HttpProxies proxies() const;
  /// The registries that images come from, and those that they go to. Thread-safe.
  oci::Registries& registries();
  oci::Registries& target_registries();
  unsigned connections() const { return options.registry.connections; }
  /// How bases come into the store; `always_ask` is --pull.
  build::BaseAccess base_access(const build::CommitOptions& commit, bool always_ask = false);

 private:
  std::mutex m_registries_mutex;
  std::unique_ptr<oci::Registries> m_registries, m_target_registries;
  std::unique_ptr<oci::HttpClient> m_http;
  std::optional<store::Store> m_store;
  std::optional<util::FileLock> m_sharing;
};

namespace api {

/// Parses zstd[:N], gzip[:N] or none. Throws Error(usage).
oci::CompressionChoice parse_compression(const std::string& text);
/// Accepts "host" and "none". Throws Error(usage).
void check_network(const std::string& network);
/// A mutable store name: the reference of a tag that a command is to set. Throws Error(usage) for digests and transports.
std::string store_tag(const std::string& text);
/// Points a tag of the store at a manifest.
void set_store_tag(const store::Store& store, const std::string& name, const oci::Descriptor& manifest);

}  // namespace api
}  // namespace jcb
