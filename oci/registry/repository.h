// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "oci/digest.h"
#include "oci/registry/answer.h"
#include "oci/registry/connection.h"
#include "oci/registry/registry_client.h"

namespace jcb::oci {

/// The requests of one repository: paths, scopes, and failures that name what they were for. Thread-safe.
class Repository {
 public:
  Repository(std::shared_ptr<RegistryConnection> connection, Endpoint endpoint, Access access)
      : m_connection(std::move(connection)), m_endpoint(std::move(endpoint)), m_access(access) {}

  const Endpoint& endpoint() const noexcept { return m_endpoint; }
  RegistryConnection& connection() const noexcept { return *m_connection; }

  /// A request for "/v2/REPOSITORY/" and `tail`, with a limit for the answer.
  HttpRequest make_request(const std::string& method, const std::string& tail, std::uint64_t limit_bytes = k_max_answer_bytes) const;
  /// Sends it with the scopes of the access and `more`. Any status is a result; Error names `purpose` where there is none.
  HttpResponse send(const HttpRequest& request, const Purpose& purpose, HttpSink& sink, const Scopes& more = {}) const;
  /// One that is not repeated by itself: what it got, or what it failed of when the connection broke, and nobody knows how
  /// far it came, or could not be made. Any other failure is thrown as an Error that names `purpose`.
  struct Attempt {
    RegistryResponse response;
    std::optional<HttpFailure> cut;
  };
  Attempt try_send(const RegistryRequest& request, const Purpose& purpose) const;
  Scopes scopes() const;
  /// "repository:NAME:ACTIONS" of this repository.
  std::string scope(std::string_view actions) const { return "repository:" + m_endpoint.repository + ":" + std::string(actions); }

  /// The page after `response`, by its Link header. Throws Error(refused) where that leads to another server.
  std::optional<HttpUrl> find_next_page(const HttpResponse& response, const Purpose& purpose) const;

  /// HEAD: whether the repository has the blob.
  bool has_blob(const Digest& digest, const Purpose& purpose) const;

  [[noreturn]] void refuse(const Purpose& purpose, const HttpResponse& response) const;
  [[noreturn]] void fail(const Purpose& purpose, const Error& error) const { throw make_failure(m_endpoint, purpose, error); }

  /// "docker.io/library/ubuntu:24.04", or with "@" and the digest.
  std::string name_of(const std::string& reference) const;
  std::string name_of(const Digest& digest) const { return m_endpoint.name() + "@" + digest.text(); }

  /// The most bytes of an answer that is no content.
  static constexpr std::uint64_t k_max_answer_bytes = 64 << 10;

 private:
  std::shared_ptr<RegistryConnection> m_connection;
  Endpoint m_endpoint;
  Access m_access;
};

/// `text` as the value in the query of a URL.
std::string encode_query(std::string_view text);

/// A body that is in memory; `text` is borrowed.
HttpBody make_body(const std::string& text);

/// An upload that the registry has opened.
struct UploadSession {
  HttpUrl location;
  /// What a chunk must at least have; 0: not said.
  std::uint64_t least_chunk_bytes = 0;
  /// The registry itself is not in a private network: no other server of its uploads may be either.
  bool only_public = false;
};

/// What a client has besides its requests: uploads that a mount has opened instead, for the blob that is sent next.
struct RegistryClient::State {
  /// The session that a mount has left for the blob; whoever takes it has to use or cancel it.
  std::optional<UploadSession> take_session(const Digest& digest);
  void keep_session(const Digest& digest, UploadSession session);

  Repository repository;
  std::mutex mutex;
  std::map<Digest, UploadSession> sessions;
};

}  // namespace jcb::oci
