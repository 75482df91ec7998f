// SPDX-License-Identifier: Apache-2.0
// One blob to a registry (distribution-spec, "Pushing Blobs").
//
//   POST uploads/                 opens a session: Location
//   PUT Location&digest=          the whole blob at once, and that was it
//
// What else there is comes after something went wrong:
//
//   GET Location                  how far the session is (Range), where to go on (Location)
//   PATCH Location                a chunk; its answer says again how far the session is, and where to go on
//   PUT Location&digest=          without a body: the chunks were all
//
// Which of these: a connection that broke, 5xx, 408, 416 and a 401 in the middle ask GET; a session that is gone (404,
// BLOB_UPLOAD_UNKNOWN) or says something impossible is left for a new one; 413 sends chunks of 64 MiB, halved down to 5 MiB
// or what the registry says it needs. A session of `0-0` has one byte or none, nobody knows: a new one, too. Five tries that
// bring nothing are the end; what the server has confirmed counts as something. docker's registry (2.8) gives up every
// session in which a request broke off, PUT or PATCH: there only whole requests count, and PUT is the cheapest.
#pragma once

#include <functional>
#include <optional>

#include "oci/registry/repository.h"

namespace jcb::oci {

/// Reads Location and OCI-Chunk-Min-Length of the answer to a POST. Throws Error(invalid) without a Location.
UploadSession read_session(const Repository& repository, const HttpResponse& response);

/// Ends a session that is not needed any more, as well as can be.
void cancel_session(const Repository& repository, const UploadSession& session) noexcept;

/// An upload under way.
class Upload {
 public:
  /// All are borrowed; `session` is one that is open already.
  Upload(const Repository& repository, const Descriptor& blob, const HttpBody& body, const std::function<void(std::uint64_t)>& on_bytes,
         std::optional<UploadSession> session);
  /// Sends. Throws Error; the session is cancelled then.
  void run();

 private:
  /// What is to be done after a request.
  enum class Next { done, go_on, ask, restart };

  void leave_session() noexcept;
  void open();
  Next step();
  Next send_whole();
  Next send_chunk();
  Next close();
  Next ask();
  Next take_chunk_answer(const HttpResponse& response, std::uint64_t end);
  Next judge(const Repository::Attempt& attempt, std::uint64_t sent_bytes);
  Next shrink_chunks(const HttpResponse& response, std::uint64_t sent_bytes);
  Next check_digest_refusal(const HttpResponse& response);
  void count_try(const Repository::Attempt& attempt);
  void confirm(std::uint64_t offset);
  bool take_location(const HttpResponse& response);

  RegistryRequest make_request(const std::string& method, const HttpUrl& url) const;
  HttpBody part_of_body(std::uint64_t first, std::uint64_t size_bytes) const;
  HttpUrl closing_url() const;
  bool is_damaged() const;

  const Repository& m_repository;
  const Descriptor& m_blob;
  const HttpBody& m_body;
  const std::function<void(std::uint64_t)>& m_on_bytes;
  Purpose m_purpose;
  std::optional<UploadSession> m_session;
  std::uint64_t m_offset = 0;       ///< what the session has
  std::uint64_t m_furthest = 0;     ///< the most that any session had
  std::uint64_t m_chunk_bytes = 0;  ///< 0: no limit is known
  bool m_in_chunks = false;         ///< this session is fed by PATCH
  int m_tries = 0;
};

}  // namespace jcb::oci
