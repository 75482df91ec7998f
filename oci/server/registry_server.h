// SPDX-License-Identifier: Apache-2.0
// A layout as a read-only registry: the distribution-spec's "pull" and "content discovery" categories and docker's
// _catalog. Whatever writes is answered with 405.
//
// Accept is not looked at: the spec has a GET of an existing manifest answered with that manifest, and clients judge by
// its Content-Type. What docker's registry does instead (404, or another manifest than the one that the tag stands for)
// hides images that are there.
#pragma once

#include <functional>
#include <string>

#include "jcbuild/error.h"
#include "oci/layout.h"
#include "oci/server/message.h"
#include "oci/server/missing_blobs.h"
#include "oci/server/repositories.h"
#include "oci/server/route.h"

namespace jcb::oci {

struct RegistryServerOptions {
  /// Gets what the layout does not keep; empty: nobody can.
  FindMissing find_missing;
  /// Told, for the operator, why a request was answered with 500 or 502; from any thread. May be empty.
  std::function<void(const std::string&)> on_failure;
};

/// Answers requests about one layout; only reads, while others may change it. Thread-safe.
class RegistryServer {
 public:
  /// The layout is borrowed.
  RegistryServer(const Layout& layout, RegistryServerOptions options);

  /// Never throws Error: what goes wrong is an answer. Blocks while a missing blob is got.
  ServerAnswer answer(const ServerRequest& request);

 private:
  ServerAnswer answer_route(const ServerRequest& request, const Route& route);
  ServerAnswer answer_repository(const ServerRequest& request, const Route& route);
  ServerAnswer answer_catalog(const Route& route);
  ServerAnswer answer_manifest(const ServerRequest& request, const Repository& repository, const std::string& reference);
  ServerAnswer answer_blob(const ServerRequest& request, const Repository& repository, const Digest& digest);
  ServerAnswer send_blob(const ServerRequest& request, const Descriptor& blob);
  std::optional<util::Fd> find_blob(const Descriptor& blob);
  ServerAnswer fail(const ServerRequest& request, const Error& error);

  const Layout& m_layout;
  RegistryServerOptions m_options;
  Repositories m_repositories;
  MissingBlobs m_missing;
};

}  // namespace jcb::oci
